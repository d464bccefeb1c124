package subprocess_test

import (
	"context"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
)

// watcherEndSpecs are about watchers and loops that are closed.
func watcherEndSpecs(s *scene) {
	Context("when it is closed", func() {
		It("refuses children, before they are started too", func(ctx SpecContext) { // L33
			Expect(s.w.Close()).To(Succeed())
			_, err := s.w.Begin()
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(err).To(MatchError(ContainSubstring("closed")))
			p := startExit(0)
			Expect(s.w.AddChildHandler(s.l, p, s.got.by("a", s.l))).To(MatchError(eventloop.ErrInvalidState))
			_, err = p.Wait()
			Expect(err).NotTo(HaveOccurred())
			Expect(s.w.Close()).To(Succeed())
		}, watched)

		It("drops the handlers that are left, with a warning, and still reaps", func(ctx SpecContext) { // L39
			p := startGated(1)
			add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
			Expect(s.w.Close()).To(Succeed())
			Expect(s.log.take()).To(ConsistOf(ContainSubstring("children=1")))
			Expect(s.w.Close()).To(Succeed())
			Expect(s.w.RemoveChildHandler(p.pid)).To(BeFalse())
			p.open()
			isReaped(ctx, p.pid)
			Consistently(s.got).WithTimeout(tick).ShouldNot(Receive())
		}, watched)

		It("says nothing of children whose handlers were taken back", func(ctx SpecContext) {
			p := startGated(1)
			add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
			s.w.RemoveChildHandler(p.pid)
			Expect(s.w.Close()).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
		}, watched)

		It("still takes a child that was begun before", func(ctx SpecContext) {
			end, err := s.w.Begin()
			Expect(err).NotTo(HaveOccurred())
			Expect(s.w.Close()).To(Succeed())
			p := startExit(5)
			add(ctx, s.w, s.l, p, s.got.by("a", s.l))
			end()
			end()
			Eventually(ctx, s.got).Should(Receive(Equal(exit{"a", p.Pid, 5, true})))
			Expect(s.w.AddChildHandler(s.l, p, s.got.by("a", s.l))).To(MatchError(eventloop.ErrInvalidState))
		}, watched)
	})

	Context("when the child's loop is closed", func() {
		closedLoop := ContainSubstring("loop is closed")

		It("reaps the child with a warning, and calls nobody", func(ctx SpecContext) { // L40
			p := startGated(1)
			add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
			s.l.halt()
			Expect(s.l.Close()).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
			Eventually(ctx, s.log.take).Should(ConsistOf(closedLoop))
			Expect(s.got).NotTo(Receive())
			Expect(p.Signal(os.Kill)).To(HaveOccurred())
		}, watched)

		It("does so for one that ended while the loop stood still", func(ctx SpecContext) {
			running := gleak.Goroutines()
			p := startGated(1)
			add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
			s.l.halt()
			p.open()
			ends(ctx, p.pid)
			Expect(s.l.Close()).To(Succeed())
			isReaped(ctx, p.pid)
			Expect(s.w.Close()).To(Succeed())
			Eventually(ctx, gleak.Goroutines).ShouldNot(gleak.HaveLeaked(running))
			Expect(s.got).NotTo(Receive())
			// It depends on the watcher whether the callback was on its way already.
			Expect(len(s.log.take())).To(BeNumerically("<=", 1))
		}, watched)

		It("does so for one that is added afterwards", func(ctx SpecContext) {
			s.l.halt()
			Expect(s.l.Close()).To(Succeed())
			p := startGated(1)
			Expect(s.w.AddChildHandler(s.l, p.Process, s.got.by("a", s.l))).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
			Eventually(ctx, s.log.take).Should(ConsistOf(closedLoop))
		}, watched)

		It("says nothing of one whose handler was taken back", func(ctx SpecContext) {
			p := startGated(1)
			add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
			s.l.halt()
			Expect(s.l.Close()).To(Succeed())
			s.w.RemoveChildHandler(p.pid)
			p.open()
			isReaped(ctx, p.pid)
		}, watched)

		It("calls for the children of other loops as before", func(ctx SpecContext) { // L38
			other := newRunningLoop(s.kind)
			p := startGated(6)
			add(ctx, s.w, s.l, p.Process, func(int, int) {})
			q := startGated(6)
			add(ctx, s.w, other, q.Process, s.got.by("b", other))
			s.l.halt()
			Expect(s.l.Close()).To(Succeed())
			p.open()
			q.open()
			Eventually(ctx, s.got).Should(Receive(Equal(exit{"b", q.pid, 6, true})))
			Eventually(ctx, s.log.take).Should(ConsistOf(closedLoop))
		}, watched)
	})

	It("does not wait in Begin, AddChildHandler or its end", func(ctx SpecContext) {
		p := startGated(1)
		Expect(s.l.Do(context.Background(), func() error {
			end, err := s.w.Begin()
			if err != nil {
				return err
			}
			defer end()
			return s.w.AddChildHandler(s.l, p.Process, s.got.by("a", s.l))
		})).To(Succeed())
		p.open()
		Eventually(ctx, s.got).Should(Receive())
	}, watched)
}
