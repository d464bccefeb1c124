package subprocess_test

import (
	"context"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/subprocess"
)

// watcherEndSpecs are about watchers and loops that are closed.
func watcherEndSpecs(kind string, newWatcher func() (subprocess.ChildWatcher, error)) {
	var (
		l   *runningLoop
		w   subprocess.ChildWatcher
		log *logged
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got = newRunningLoop(kind), newExits()
		var err error
		w, err = newWatcher()
		Expect(err).NotTo(HaveOccurred())
		log = newLog(w)
	})

	Context("when it is closed", func() {
		It("refuses children, before they are started too", func(ctx SpecContext) { // L33
			Expect(w.Close()).To(Succeed())
			_, err := w.Begin()
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(err).To(MatchError(ContainSubstring("closed")))
			p := startExit(0)
			Expect(w.AddChildHandler(l, p, got.by("a", l))).To(MatchError(eventloop.ErrInvalidState))
			_, err = p.Wait()
			Expect(err).NotTo(HaveOccurred())
			Expect(w.Close()).To(Succeed())
		}, watched)

		It("drops the handlers that are left, with a warning, and still reaps", func(ctx SpecContext) { // L39
			p := startGated(1)
			add(ctx, w, l, p.Process, got.by("a", l))
			Expect(w.Close()).To(Succeed())
			Expect(log.take()).To(ConsistOf(ContainSubstring("children=1")))
			Expect(w.Close()).To(Succeed())
			Expect(w.RemoveChildHandler(p.pid)).To(BeFalse())
			p.open()
			isReaped(ctx, p.pid)
			Consistently(got).WithTimeout(tick).ShouldNot(Receive())
		}, watched)

		It("says nothing of children whose handlers were taken back", func(ctx SpecContext) {
			p := startGated(1)
			add(ctx, w, l, p.Process, got.by("a", l))
			w.RemoveChildHandler(p.pid)
			Expect(w.Close()).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
		}, watched)

		It("still takes a child that was begun before", func(ctx SpecContext) {
			end, err := w.Begin()
			Expect(err).NotTo(HaveOccurred())
			Expect(w.Close()).To(Succeed())
			p := startExit(5)
			add(ctx, w, l, p, got.by("a", l))
			end()
			end()
			Eventually(ctx, got).Should(Receive(Equal(exit{"a", p.Pid, 5, true})))
			Expect(w.AddChildHandler(l, p, got.by("a", l))).To(MatchError(eventloop.ErrInvalidState))
		}, watched)
	})

	Context("when the child's loop is closed", func() {
		closedLoop := ContainSubstring("loop is closed")

		It("reaps the child with a warning, and calls nobody", func(ctx SpecContext) { // L40
			p := startGated(1)
			add(ctx, w, l, p.Process, got.by("a", l))
			l.halt()
			Expect(l.Close()).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
			Eventually(ctx, log.take).Should(ConsistOf(closedLoop))
			Expect(got).NotTo(Receive())
			Expect(p.Signal(os.Kill)).To(HaveOccurred())
		}, watched)

		It("does so for one that ended while the loop stood still", func(ctx SpecContext) {
			p := startGated(1)
			add(ctx, w, l, p.Process, got.by("a", l))
			l.halt()
			p.open()
			ends(ctx, p.pid)
			Expect(l.Close()).To(Succeed())
			isReaped(ctx, p.pid)
			Expect(got).NotTo(Receive())
			// It depends on the watcher whether the callback was on its way already.
			Consistently(func() int { return len(log.take()) }).WithTimeout(tick).Should(BeNumerically("<=", 1))
		}, watched)

		It("does so for one that is added afterwards", func(ctx SpecContext) {
			l.halt()
			Expect(l.Close()).To(Succeed())
			p := startGated(1)
			Expect(w.AddChildHandler(l, p.Process, got.by("a", l))).To(Succeed())
			p.open()
			isReaped(ctx, p.pid)
			Eventually(ctx, log.take).Should(ConsistOf(closedLoop))
		}, watched)

		It("says nothing of one whose handler was taken back", func(ctx SpecContext) {
			p := startGated(1)
			add(ctx, w, l, p.Process, got.by("a", l))
			l.halt()
			Expect(l.Close()).To(Succeed())
			w.RemoveChildHandler(p.pid)
			p.open()
			isReaped(ctx, p.pid)
		}, watched)

		It("calls for the children of other loops as before", func(ctx SpecContext) { // L38
			other := newRunningLoop(kind)
			p := startGated(6)
			add(ctx, w, l, p.Process, func(int, int) {})
			q := startGated(6)
			add(ctx, w, other, q.Process, got.by("b", other))
			l.halt()
			Expect(l.Close()).To(Succeed())
			p.open()
			q.open()
			Eventually(ctx, got).Should(Receive(Equal(exit{"b", q.pid, 6, true})))
			Eventually(ctx, log.take).Should(ConsistOf(closedLoop))
		}, watched)
	})

	It("does not wait in Begin, AddChildHandler or its end", func(ctx SpecContext) {
		p := startGated(1)
		Expect(l.Do(context.Background(), func() error {
			end, err := w.Begin()
			if err != nil {
				return err
			}
			defer end()
			return w.AddChildHandler(l, p.Process, got.by("a", l))
		})).To(Succeed())
		p.open()
		Eventually(ctx, got).Should(Receive())
	}, watched)
}
