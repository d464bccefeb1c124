package subprocess_test

import (
	"os"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/subprocess"
)

// The kind is the outermost container, so that the report keeps its specs
// together.
var _ = func() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, func() {
			for _, w := range watchers {
				Describe("the "+w.name+" watcher", Label(w.name), func() {
					watcherSpecs(kind, w.make)
					watcherEndSpecs(kind, w.make)
					for _, specs := range watcherSpecsHere {
						specs(kind, w.make)
					}
				})
			}
		})
	}
	return true
}()

// watcherSpecs are what every watcher must do alike.
func watcherSpecs(kind string, newWatcher func() (subprocess.ChildWatcher, error)) {
	var (
		l   *runningLoop
		w   subprocess.ChildWatcher
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got = newRunningLoop(kind), newExits()
		var err error
		w, err = newWatcher()
		Expect(err).NotTo(HaveOccurred())
		newLog(w)
	})
	next := func(ctx SpecContext) (e exit) {
		GinkgoHelper()
		Eventually(ctx, got).Should(Receive(&e))
		return e
	}

	It("calls the handler on the loop's goroutine, once, with the exit status", func(ctx SpecContext) { // L30 L41
		p := startGated(7)
		add(ctx, w, l, p.Process, got.by("a", l))
		Consistently(got).WithTimeout(tick).ShouldNot(Receive())
		p.open()
		Expect(next(ctx)).To(Equal(exit{"a", p.pid, 7, true}))
		Consistently(got).WithTimeout(tick).ShouldNot(Receive())
		Expect(p.Signal(os.Kill)).To(MatchError(errReaped))
	}, watched)

	It("hears of a child that ended before it was added", func(ctx SpecContext) { // L31
		p := startExit(3)
		ends(ctx, p.Pid)
		add(ctx, w, l, p, got.by("a", l))
		Expect(next(ctx)).To(Equal(exit{"a", p.Pid, 3, true}))
	}, watched)

	It("calls the last handler only when a child is added again", func(ctx SpecContext) { // L30
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		add(ctx, w, l, p.Process, got.by("b", l))
		p.open()
		Expect(next(ctx)).To(Equal(exit{"b", p.pid, 1, true}))
		Consistently(got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("calls on the loop of the last handler, though the one before is not running", func(ctx SpecContext) {
		other := newRunningLoop(kind)
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		add(ctx, w, other, p.Process, got.by("b", other))
		l.halt()
		p.open()
		Expect(next(ctx)).To(Equal(exit{"b", p.pid, 1, true}))
	}, watched)

	It("follows a child that has ended to the loop of its last handler", func(ctx SpecContext) {
		other := newRunningLoop(kind)
		p := startExit(1)
		ends(ctx, p.Pid)
		Expect(l.Do(ctx, func() error {
			// The first loop is kept busy until its callback must be in its queue.
			if err := w.AddChildHandler(l, p, got.by("a", l)); err != nil {
				return err
			}
			for w.Name() != "pidfd" && !wasReaped(p.Pid) {
			}
			return w.AddChildHandler(other, p, got.by("b", other))
		})).To(Succeed())
		Expect(next(ctx)).To(Equal(exit{"b", p.Pid, 1, true}))
		Consistently(got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("takes a handler back, and reaps the child all the same", func(ctx SpecContext) { // L30
		p := startGated(1)
		Expect(w.RemoveChildHandler(p.pid)).To(BeFalse())
		add(ctx, w, l, p.Process, got.by("a", l))
		Expect(w.RemoveChildHandler(p.pid)).To(BeTrue())
		Expect(w.RemoveChildHandler(p.pid)).To(BeFalse())
		p.open()
		isReaped(ctx, p.pid)
		Consistently(got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("has no handler left once it was called", func(ctx SpecContext) {
		p := startExit(0)
		add(ctx, w, l, p, got.by("a", l))
		next(ctx)
		Expect(w.RemoveChildHandler(p.Pid)).To(BeFalse())
	}, watched)

	It("tells many children of two loops apart that end together", func(ctx SpecContext) { // L37 L38
		loops := []*runningLoop{l, newRunningLoop(kind)}
		end, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		want := map[int]int{}
		for i := range crowd {
			p := startExit(i)
			want[p.Pid] = i
			here := loops[i%2]
			add(ctx, w, here, p, got.by("", here))
		}
		end()
		heard := map[int]int{}
		for range want {
			e := next(ctx)
			Expect(e.onLoop).To(BeTrue())
			heard[e.pid] = e.code
		}
		Expect(heard).To(Equal(want))
	}, watched)

	It("hears of the others when a handler panics", func(ctx SpecContext) { // L42
		bad, good := startGated(1), startGated(2)
		add(ctx, w, l, bad.Process, func(int, int) { panic("on purpose") })
		add(ctx, w, l, good.Process, got.by("good", l))
		bad.open()
		good.open()
		Expect(next(ctx).code).To(Equal(2))
		var report eventloop.ExceptionContext
		Eventually(ctx, l.reports).Should(Receive(&report))
		Expect(report.Err).To(MatchError(ContainSubstring("on purpose")))
	}, watched)

	It("refuses what is missing", func(ctx SpecContext) {
		p := startExit(0)
		_, err := p.Wait()
		Expect(err).NotTo(HaveOccurred())
		handler := got.by("a", l)
		Expect(w.AddChildHandler(nil, p, handler)).To(MatchError(os.ErrInvalid))
		Expect(w.AddChildHandler(l, nil, handler)).To(MatchError(os.ErrInvalid))
		Expect(w.AddChildHandler(l, p, nil)).To(MatchError(os.ErrInvalid))
	}, watched)

	It("may be added to from any goroutine", func(ctx SpecContext) { // L30
		var all sync.WaitGroup
		const children = 20
		end, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		for range children {
			p := startExit(4)
			all.Go(func() { _ = w.AddChildHandler(l, p, got.by("a", l)) })
		}
		all.Wait()
		end()
		for range children {
			Expect(next(ctx).code).To(Equal(4))
		}
	}, watched)
}
