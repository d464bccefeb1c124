package subprocess_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/subprocess"
)

var _ = Describe("GoroutineWatcher", func() {
	var (
		l   *runningLoop
		w   *subprocess.GoroutineWatcher
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got = newRunningLoop(""), newExits()
		w = subprocess.NewGoroutineWatcher()
		newLog(w)
	})

	It("costs a thread for each child", func(ctx SpecContext) {
		children := []*gated{startGated(1), startGated(1), startGated(1)}
		for _, p := range children {
			add(ctx, w, l, p.Process, got.by("a", l))
		}
		Eventually(ctx, waitingThreads).Should(Equal(len(children)))
		for _, p := range children {
			p.open()
		}
		for range children {
			Eventually(ctx, got).Should(Receive())
		}
	}, watched)

	It("still knows how a child has ended whose loop was closed with the notice in its queue", func(ctx SpecContext) {
		other := newRunningLoop("")
		p := startGated(8)
		add(ctx, w, l, p.Process, got.by("a", l))
		l.halt()
		p.open()
		isReaped(ctx, p.pid)
		Eventually(ctx, waitingThreads).Should(BeZero())
		Expect(l.Close()).To(Succeed())
		add(ctx, w, other, p.Process, got.by("b", other))
		Eventually(ctx, got).Should(Receive(Equal(exit{"b", p.pid, 8, true})))
	}, watched)
})
