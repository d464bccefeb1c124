package subprocess_test

import (
	"os"
	"sync/atomic"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// withoutReaders is a loop whose AddReader refuses, as a proactor's.
type withoutReaders struct{ *runningLoop }

func (withoutReaders) AddReader(uintptr, func()) error {
	return &platform.UnsupportedError{Op: "AddReader"}
}

// hasty is a loop that calls a reader before its descriptor is readable.
type hasty struct{ *runningLoop }

func (h hasty) AddReader(_ uintptr, fn func()) error { return h.Post(fn) }

// promising is a loop that counts the promises to tell when it is closed.
type promising struct {
	*runningLoop
	open *atomic.Int32
}

func (p promising) WhenClosed(fn func()) (func(), error) {
	p.open.Add(1)
	forget, err := p.runningLoop.WhenClosed(fn)
	return func() { p.open.Add(-1); forget() }, err
}

// plain is a loop that does not say when it is closed.
type plain struct{ subprocess.Loop }

var _ = Describe("PidFDWatcher", func() {
	var (
		l   *runningLoop
		w   *subprocess.PidFDWatcher
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got = newRunningLoop(""), newExits()
		var err error
		w, err = subprocess.NewPidFDWatcher()
		Expect(err).NotTo(HaveOccurred())
		newLog(w)
	})

	It("uses no thread, and a descriptor that it closes", func(ctx SpecContext) { // L35
		before := len(openDescriptors())
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		Expect(l.Do(ctx, func() error { return nil })).To(Succeed())
		Consistently(waitingThreads).WithTimeout(tick).Should(BeZero())
		// The gate, the process's own descriptor, and the watcher's.
		Expect(openDescriptors()).To(HaveLen(before + 3))
		p.open()
		Eventually(ctx, got).Should(Receive())
		Expect(openDescriptors()).To(HaveLen(before))
	}, watched)

	It("leaves the descriptor of package os alone", func(ctx SpecContext) {
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		Expect(w.RemoveChildHandler(p.pid)).To(BeTrue())
		Expect(p.WithHandle(func(fd uintptr) {
			defer GinkgoRecover()
			Expect(unix.PidfdSendSignal(int(fd), syscall.SIGKILL, nil, 0)).To(Succeed())
		})).To(Succeed())
		isReaped(ctx, p.pid)
	}, watched)

	DescribeTable("waits in a goroutine",
		func(ctx SpecContext, worse func(*runningLoop) subprocess.Loop) {
			p := startGated(9)
			Expect(l.Do(ctx, func() error { return w.AddChildHandler(worse(l), p.Process, got.by("a", l)) })).To(Succeed())
			Eventually(ctx, waitingThreads).Should(Equal(1))
			Expect(l.Do(ctx, func() error { return nil })).To(Succeed(), "the loop itself waits")
			p.open()
			Eventually(ctx, got).Should(Receive(Equal(exit{"a", p.pid, 9, true})))
		},
		Entry("for a loop without readers", watched, func(l *runningLoop) subprocess.Loop { return withoutReaders{l} }),
		Entry("for a loop that does not say when it is closed", watched, func(l *runningLoop) subprocess.Loop { return plain{l} }),
		Entry("for a child that can not be reaped when its descriptor is readable", watched,
			func(l *runningLoop) subprocess.Loop { return hasty{l} }),
	)

	It("waits in a goroutine when there is no descriptor left", func(ctx SpecContext) {
		p := startGated(9)
		limit := lowerDescriptorLimit()
		err := l.Do(ctx, func() error { return w.AddChildHandler(l, p.Process, got.by("a", l)) })
		limit.restore()
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, waitingThreads).Should(Equal(1))
		p.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", p.pid, 9, true})))
	}, watched)

	It("waits in a goroutine when the loop is closed first", func(ctx SpecContext) { // L40
		log := newLog(w)
		before := len(openDescriptors())
		p := startGated(9)
		add(ctx, w, l, p.Process, got.by("a", l))
		l.halt()
		Expect(l.Close()).To(Succeed())
		Eventually(ctx, waitingThreads).Should(Equal(1))
		Expect(len(openDescriptors())).To(BeNumerically("<=", before+2), "the watcher's descriptor is still open")
		p.open()
		isReaped(ctx, p.pid)
		Eventually(ctx, log.take).Should(HaveLen(1))
	}, watched)

	It("leaves nothing in a loop that goes on", func(ctx SpecContext) {
		var open atomic.Int32
		for range 3 {
			p := startExit(0)
			Expect(l.Do(ctx, func() error {
				return w.AddChildHandler(promising{l, &open}, p, got.by("a", l))
			})).To(Succeed())
			Eventually(ctx, got).Should(Receive())
		}
		Expect(open.Load()).To(BeZero())
	}, watched)

	It("is not there where the kernel does not have it", func() {
		for _, t := range []platform.Target{{OS: "linux", Version: "5.3"}, {OS: "darwin"}, {OS: "windows"}} {
			Expect(platform.For(t).Check(platform.ChildWatcherPidFD)).To(HaveOccurred())
		}
	})
})

// descriptorLimit is the limit that was there.
type descriptorLimit unix.Rlimit

// lowerDescriptorLimit leaves the process no descriptor.
func lowerDescriptorLimit() *descriptorLimit {
	GinkgoHelper()
	var before unix.Rlimit
	Expect(unix.Getrlimit(unix.RLIMIT_NOFILE, &before)).To(Succeed())
	spare, err := os.Open(os.DevNull)
	Expect(err).NotTo(HaveOccurred())
	lower := before
	lower.Cur = uint64(spare.Fd())
	Expect(spare.Close()).To(Succeed())
	Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &lower)).To(Succeed())
	return (*descriptorLimit)(&before)
}

func (d *descriptorLimit) restore() {
	GinkgoHelper()
	Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, (*unix.Rlimit)(d))).To(Succeed())
}
