package subprocess_test

import (
	"os"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

// The kind is the outermost container, so that the report keeps its specs
// together.
var _ = func() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, func() {
			for _, w := range watchers {
				Describe("the "+w.name+" watcher", Label(w.name), func() {
					s := newScene(kind, w.make)
					watcherSpecs(s)
					watcherEndSpecs(s)
					for _, specs := range watcherSpecsHere {
						specs(s)
					}
				})
			}
		})
	}
	return true
}()

// watcherSpecs are what every watcher must do alike.
func watcherSpecs(s *scene) {
	It("calls the handler on the loop's goroutine, once, with the exit status", func(ctx SpecContext) { // L30 L41
		p := startGated(7)
		add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
		Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
		p.open()
		Expect(s.next(ctx)).To(Equal(exit{"a", p.pid, 7, true}))
		Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
		Expect(p.Signal(os.Kill)).To(MatchError(errReaped))
	}, watched)

	It("hears of a child that ended before it was added", func(ctx SpecContext) { // L31
		p := startExit(3)
		ends(ctx, p.Pid)
		add(ctx, s.w, s.l, p, s.got.by("a", s.l))
		Expect(s.next(ctx)).To(Equal(exit{"a", p.Pid, 3, true}))
	}, watched)

	It("calls the last handler only when a child is added again", func(ctx SpecContext) { // L30
		p := startGated(1)
		add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
		add(ctx, s.w, s.l, p.Process, s.got.by("b", s.l))
		p.open()
		Expect(s.next(ctx)).To(Equal(exit{"b", p.pid, 1, true}))
		Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("calls on the loop of the last handler, though the one before is not running", func(ctx SpecContext) {
		other := newRunningLoop(s.kind)
		p := startGated(1)
		add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
		add(ctx, s.w, other, p.Process, s.got.by("b", other))
		s.l.halt()
		p.open()
		Expect(s.next(ctx)).To(Equal(exit{"b", p.pid, 1, true}))
	}, watched)

	It("follows a child that has ended to the loop of its last handler", func(ctx SpecContext) {
		other := newRunningLoop(s.kind)
		p := startExit(1)
		ends(ctx, p.Pid)
		Expect(s.l.Do(ctx, func() error {
			// The first loop is kept busy until its callback must be in its queue.
			if err := s.w.AddChildHandler(s.l, p, s.got.by("a", s.l)); err != nil {
				return err
			}
			for s.w.Name() != "pidfd" && !wasReaped(p.Pid) {
			}
			return s.w.AddChildHandler(other, p, s.got.by("b", other))
		})).To(Succeed())
		Expect(s.next(ctx)).To(Equal(exit{"b", p.Pid, 1, true}))
		Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("takes a handler back, and reaps the child all the same", func(ctx SpecContext) { // L30
		p := startGated(1)
		Expect(s.w.RemoveChildHandler(p.pid)).To(BeFalse())
		add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
		Expect(s.w.RemoveChildHandler(p.pid)).To(BeTrue())
		Expect(s.w.RemoveChildHandler(p.pid)).To(BeFalse())
		p.open()
		isReaped(ctx, p.pid)
		Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
	}, watched)

	It("has no handler left once it was called", func(ctx SpecContext) {
		p := startExit(0)
		add(ctx, s.w, s.l, p, s.got.by("a", s.l))
		s.next(ctx)
		Expect(s.w.RemoveChildHandler(p.Pid)).To(BeFalse())
	}, watched)

	It("tells many children of two loops apart that end together", func(ctx SpecContext) { // L37 L38
		loops := []*runningLoop{s.l, newRunningLoop(s.kind)}
		end, err := s.w.Begin()
		Expect(err).NotTo(HaveOccurred())
		want := map[int]int{}
		for i := range crowd {
			p := startExit(i)
			want[p.Pid] = i
			here := loops[i%2]
			add(ctx, s.w, here, p, s.got.by("", here))
		}
		end()
		heard := map[int]int{}
		for range want {
			e := s.next(ctx)
			Expect(e.onLoop).To(BeTrue())
			heard[e.pid] = e.code
		}
		Expect(heard).To(Equal(want))
	}, watched)

	It("hears of the others when a handler panics", func(ctx SpecContext) { // L42
		bad, good := startGated(1), startGated(2)
		add(ctx, s.w, s.l, bad.Process, func(int, int) { panic("on purpose") })
		add(ctx, s.w, s.l, good.Process, s.got.by("good", s.l))
		bad.open()
		good.open()
		Expect(s.next(ctx).code).To(Equal(2))
		var report eventloop.ExceptionContext
		Eventually(ctx, s.l.reports).Should(Receive(&report))
		Expect(report.Err).To(MatchError(ContainSubstring("on purpose")))
	}, watched)

	It("refuses what is missing", func(ctx SpecContext) {
		p := startExit(0)
		_, err := p.Wait()
		Expect(err).NotTo(HaveOccurred())
		handler := s.got.by("a", s.l)
		Expect(s.w.AddChildHandler(nil, p, handler)).To(MatchError(os.ErrInvalid))
		Expect(s.w.AddChildHandler(s.l, nil, handler)).To(MatchError(os.ErrInvalid))
		Expect(s.w.AddChildHandler(s.l, p, nil)).To(MatchError(os.ErrInvalid))
	}, watched)

	It("may be added to from any goroutine", func(ctx SpecContext) { // L30
		var all sync.WaitGroup
		const children = 20
		end, err := s.w.Begin()
		Expect(err).NotTo(HaveOccurred())
		for range children {
			p := startExit(4)
			all.Go(func() { _ = s.w.AddChildHandler(s.l, p, s.got.by("a", s.l)) })
		}
		all.Wait()
		end()
		for range children {
			Expect(s.next(ctx).code).To(Equal(4))
		}
	}, watched)
}
