//go:build unix

package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

var _ = Describe("tracer", func() {
	run := func(ctx SpecContext, args ...string) *gexec.Session {
		GinkgoHelper()
		cmd := exec.CommandContext(ctx, tracer, args...)
		session, err := gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, session).Should(gexec.Exit())
		return session
	}

	It("has every scenario of its groups, and no other", func(ctx SpecContext) {
		session := run(ctx, "--list")
		Expect(session).To(gexec.Exit(0))
		listed := make(map[string]string)
		for line := range strings.Lines(string(session.Out.Contents())) {
			var s struct{ Name, Group, Doc string }
			Expect(json.Unmarshal([]byte(line), &s)).To(Succeed())
			Expect(s.Doc).NotTo(BeEmpty(), s.Name)
			Expect(listed).NotTo(HaveKey(s.Name))
			listed[s.Name] = s.Group
		}
		want := make(map[string]string)
		for _, prefix := range groups {
			group := prefix
			switch prefix { // the groups whose scenarios are not named after them
			case "proc":
				group = "process"
			case "sendfile":
				group = "misc"
			}
			for _, name := range scenarios(prefix) {
				want[name] = group
			}
		}
		Expect(listed).To(Equal(want))
	}, SpecTimeout(10*time.Second))

	DescribeTable("explains its usage and exits with 2 when it is given",
		func(ctx SpecContext, args ...string) {
			session := run(ctx, args...)
			Expect(session).To(gexec.Exit(2))
			Expect(session.Err).To(gbytes.Say("usage: tracer"))
			Expect(session.Out.Contents()).To(BeEmpty())
		},
		Entry("nothing", SpecTimeout(10*time.Second)),
		Entry("a scenario that it does not have", "no_such_scenario", SpecTimeout(10*time.Second)),
		Entry("two scenarios", "tcp_echo", "fd_reader", SpecTimeout(10*time.Second)),
		Entry("--list and a scenario", "--list", "tcp_echo", SpecTimeout(10*time.Second)),
		Entry("a flag that it does not have", "--no-such-flag", SpecTimeout(10*time.Second)),
	)

	It("fails with the loop's refusal when it is given an unknown kind of loop", func(ctx SpecContext) {
		session := run(ctx, "-loop", "no-such-kind", "fd_reader")
		Expect(session).NotTo(gexec.Exit(0))
		Expect(session.Err).To(gbytes.Say("no-such-kind"))
	}, SpecTimeout(10*time.Second))

	It("ends by itself when a scenario is stuck", func(ctx SpecContext) {
		cmd := exec.CommandContext(ctx, tracer, "tcp_echo")
		cmd.Env = append(os.Environ(), "TRACE_WATCHDOG=0.1")
		session, err := gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, session).Should(gexec.Exit(3))
		Expect(session.Out).To(gbytes.Say(`"hello":1`))
		Expect(session.Out).To(gbytes.Say(`"ev":"watchdog"`))
	}, SpecTimeout(10*time.Second))
})

var _ = Describe("the driver", func() {
	BeforeEach(needPython)

	It("prints a diff and fails when a trace is not like its golden", func(ctx SpecContext) {
		golden, err := os.ReadFile(filepath.Join("golden", "sched_iteration.json"))
		Expect(err).NotTo(HaveOccurred())
		dir := GinkgoT().TempDir()
		changed := strings.Replace(string(golden), `"name": "a"`, `"name": "another"`, 1)
		Expect(os.WriteFile(filepath.Join(dir, "sched_iteration.json"), []byte(changed), 0o600)).To(Succeed())

		output, err := drive(ctx, "--cmd", quoted(tracer), "--golden", dir, "sched_iteration")
		Expect(err).To(MatchError("exit status 1"))
		Expect(output).To(ContainSubstring(`-  {"ev": "mark", "name": "another"}`))
		Expect(output).To(ContainSubstring(`+  {"ev": "mark", "name": "a"}`))
		Expect(output).To(ContainSubstring("FAIL sched_iteration"))
	}, SpecTimeout(time.Minute))

	It("fails when there is no golden", func(ctx SpecContext) {
		output, err := drive(ctx, "--cmd", quoted(tracer), "--golden", GinkgoT().TempDir(), "sched_iteration")
		Expect(err).To(MatchError("exit status 1"))
		Expect(output).To(ContainSubstring("FAIL sched_iteration"))
	}, SpecTimeout(time.Minute))

	It("fails when the server can not be run to its end", func(ctx SpecContext) {
		output, err := drive(ctx, "--cmd", quoted(tracer)+" -loop no-such-kind", "sched_iteration")
		Expect(err).To(MatchError("exit status 1"))
		Expect(output).To(ContainSubstring("server ended before hello"))
	}, SpecTimeout(time.Minute))
})
