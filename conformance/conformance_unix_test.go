//go:build unix

package conformance_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

var _ = describeKinds()

// describeKinds has one container per kind of loop, outermost, so that each kind
// stays together in the report.
func describeKinds() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, Label(kind), Ordered, ContinueOnFailure, func() {
			runs := runBatch(goldens(kind), func() string { return quoted(tracer) + " -loop " + kind }, allScenarios())
			for _, group := range groups {
				describeGroup(group, scenarios(group), runs)
			}
		})
		for _, watcher := range trace.Watchers() {
			describeWatcher(kind, watcher)
		}
	}
	return true
}

// describeWatcher repeats the scenarios about children with every child watcher
// that the machine offers.
func describeWatcher(kind, watcher string) {
	Describe("On "+kind+", with the child watcher "+watcher, Label(kind), Ordered, ContinueOnFailure, func() {
		runs := runBatch(goldens(kind), func() string { return quoted(tracer) + " -loop " + kind + " -watcher " + watcher },
			scenarios("proc"))
		describeGroup("proc", scenarios("proc"), runs)
	})
}

func describeGroup(group string, names []string, runs func() *batch) {
	DescribeTable("behaves as asyncio does in", Offset(1), Label(group),
		func(ctx SpecContext, name string) {
			o := runs().of(name)
			Eventually(ctx, o.done).Should(BeClosed())
			Expect(o.err).NotTo(HaveOccurred(), "%s", o.output)
		},
		entries(names),
	)
}

// runBatch makes a batch for the specs of the container that calls it. The
// tracer's path is known only when they run.
func runBatch(goldens string, command func() string, names []string) func() *batch {
	var runs *batch
	BeforeAll(func() {
		needPython()
		ctx, cancel := context.WithCancel(context.Background())
		runs = newBatch(ctx, command(), goldens, names)
		DeferCleanup(func() {
			cancel()
			runs.running.Wait()
		})
	})
	return func() *batch { return runs }
}

// goldens are the directories that hold for a kind of loop, in the order in which
// they are searched.
func goldens(kind string) string {
	dirs := "golden-ours:golden-3.13:golden"
	if isProactor := func(m proactor.Mechanism) bool { return m.Name == kind }; slices.ContainsFunc(proactor.Mechanisms(), isProactor) {
		dirs = "golden-completion:" + dirs
	}
	return dirs
}

func entries(names []string) (list []TableEntry) {
	for _, name := range names {
		list = append(list, Entry(name, name, SpecTimeout(time.Minute)))
	}
	return list
}
