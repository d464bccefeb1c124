package subprocess_test

import (
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

var _ = Describe("SafeWatcher", func() {
	It("listens only while it has children", func(ctx SpecContext) {
		noTraces() // a goroutine that listens is a leak
		l, got := newRunningLoop(""), newExits()
		w, err := subprocess.NewSafeWatcher()
		Expect(err).NotTo(HaveOccurred())
		for range 2 {
			p := startExit(1)
			add(ctx, w, l, p, got.by("a", l))
			Eventually(ctx, got).Should(Receive())
		}
	}, watched)

	It("uses no thread", func(ctx SpecContext) {
		noTraces()
		l, got := newRunningLoop(""), newExits()
		w, err := subprocess.NewSafeWatcher()
		Expect(err).NotTo(HaveOccurred())
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		Consistently(waitingThreads).WithTimeout(tick).Should(BeZero())
		p.open()
		Eventually(ctx, got).Should(Receive())
	}, watched)

	It("reports 255 when somebody else reaps a child that it watches", func(ctx SpecContext) { // L32
		noTraces()
		l, got := newRunningLoop(""), newExits()
		w, err := subprocess.NewSafeWatcher()
		Expect(err).NotTo(HaveOccurred())
		log := newLog(w)
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		thief, err := os.FindProcess(p.pid)
		Expect(err).NotTo(HaveOccurred())
		stolen := make(chan error, 1)
		go func() { _, err := thief.Wait(); stolen <- err }()
		Eventually(ctx, waitingThreads).Should(Equal(1))
		p.open()
		var e exit
		Eventually(ctx, got).Should(Receive(&e))
		// Who of the two is faster is open; both learn something.
		if err := <-stolen; err == nil {
			Expect(e.code).To(Equal(255))
			Expect(log.take()).To(HaveLen(1))
			Expect(p.Release()).To(Succeed())
		} else {
			Expect(err).To(MatchError(syscall.ECHILD))
			Expect(e.code).To(Equal(1))
			Expect(thief.Release()).To(Succeed())
		}
	}, watched)
})

var _ = Describe("FastWatcher", func() {
	var (
		l   *runningLoop
		w   *subprocess.FastWatcher
		log *logged
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got = newRunningLoop(""), newExits()
		var err error
		w, err = subprocess.NewFastWatcher()
		Expect(err).NotTo(HaveOccurred())
		log = newLog(w)
	})

	It("leaves unknown children alone while something is begun", func(ctx SpecContext) { // L37
		known := startGated(1)
		add(ctx, w, l, known.Process, got.by("known", l))
		end, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		first, second := startExit(1), startShell("kill -9 $$")
		ends(ctx, first.Pid)
		ends(ctx, second.Pid)
		known.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"known", known.pid, 1, true})))
		add(ctx, w, l, second, got.by("b", l))
		add(ctx, w, l, first, got.by("a", l))
		end()
		Eventually(ctx, got).Should(Receive(Equal(exit{"b", second.Pid, -9, true})))
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", first.Pid, 1, true})))
		Expect(first.Signal(syscall.SIGUSR1)).To(MatchError(os.ErrProcessDone))
	}, watched)

	It("takes them, with a warning, at the end of the last Begin", func(ctx SpecContext) {
		known := startGated(1)
		add(ctx, w, l, known.Process, got.by("known", l))
		outer, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		inner, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		p := startExit(1)
		ends(ctx, p.Pid)
		inner()
		inner()
		Expect(platform.EndedChild(p.Pid)).To(Equal(p.Pid))
		outer()
		Expect(log.take()).To(ConsistOf(ContainSubstring("nobody has added")))
		isReaped(ctx, p.Pid)
		Expect(p.Release()).To(Succeed())
		known.open()
		Eventually(ctx, got).Should(Receive())
	}, watched)

	It("takes nothing from others while it has no child", func(ctx SpecContext) {
		end, err := w.Begin()
		Expect(err).NotTo(HaveOccurred())
		p := startExit(1)
		add(ctx, w, l, p, got.by("a", l))
		end()
		Eventually(ctx, got).Should(Receive())
		other := startExit(3)
		ends(ctx, other.Pid)
		state, err := other.Wait()
		Expect(err).NotTo(HaveOccurred())
		Expect(state.ExitCode()).To(Equal(3))
	}, watched)
})
