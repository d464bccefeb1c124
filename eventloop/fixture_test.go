package eventloop_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
)

const (
	bounded = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second

	// tick is how long a spec watches that nothing happens.
	tick = 10 * time.Millisecond
)

// The runtime's poller opens its own descriptors at first use and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
})

// opened returns the descriptors that are not among those of before.
func opened(before []int) []int {
	return slices.DeleteFunc(descriptors(), func(fd int) bool { return slices.Contains(before, fd) })
}

// guard fails the spec if it leaves a goroutine or a descriptor behind. Loops
// have descriptors, so one that is not closed is found too.
func guard() {
	GinkgoHelper()
	before, running := descriptors(), gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(running))
		Eventually(opened).WithTimeout(patient).WithArguments(before).Should(BeEmpty(), "descriptors are left open")
	})
}

// maker makes a loop of a kind that is none of a program's, with the clock if there
// is one; see looptest.Options.
type maker func(cfg eventloop.SelectorConfig, clock *looptest.Clock, autoJump time.Duration) (*eventloop.Loop, error)

// world is a loop under test. What reaches its exception handler and is not
// asked for by reports fails the spec.
type world struct {
	*eventloop.Loop
	clock *looptest.Clock // nil: the system's

	mu    sync.Mutex
	heard []eventloop.ExceptionContext
}

// newWorld makes a loop whose clock moves when the spec says so.
func newWorld(kind string) *world {
	GinkgoHelper()
	return newFakeWorld(kind, looptest.Options{})
}

// newJumpingWorld makes a loop whose clock jumps to the next timer.
func newJumpingWorld(kind string) *world {
	GinkgoHelper()
	return newFakeWorld(kind, looptest.Options{AutoJump: 2 * time.Millisecond})
}

func newFakeWorld(kind string, opts looptest.Options) *world {
	GinkgoHelper()
	guard()
	opts.Config.Logger = quiet()
	if make, here := madeHere[kind]; here {
		clock := looptest.NewClock(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC), opts.Resolution)
		opts.Config.Clock = clock
		l, err := make(opts.Config, clock, opts.AutoJump)
		Expect(err).NotTo(HaveOccurred())
		return adopt(l, clock)
	}
	l, clock, err := looptest.New(kind, &opts)
	Expect(err).NotTo(HaveOccurred())
	return adopt(l, clock)
}

// newRealWorld makes a loop with the system's clock.
func newRealWorld(kind string) *world {
	GinkgoHelper()
	return newConfiguredWorld(eventloop.SelectorConfig{Selector: kind})
}

func newConfiguredWorld(cfg eventloop.SelectorConfig) *world {
	GinkgoHelper()
	guard()
	if cfg.Logger == nil {
		cfg.Logger = quiet()
	}
	l, err := loopOf(cfg)
	Expect(err).NotTo(HaveOccurred())
	return adopt(l, nil)
}

// loopOf makes a loop of the kind, over the mechanism, or through the tap that a
// configuration has for its Selector.
func loopOf(cfg eventloop.SelectorConfig) (*eventloop.Loop, error) {
	switch m := cfg.Selector.(type) {
	case string:
		if make, here := madeHere[m]; here {
			return make(cfg, nil, 0)
		}
		return looptest.OfKind(m, cfg)
	case *tap:
		return m.loop(cfg)
	}
	return eventloop.NewSelectorLoop(&cfg)
}

// quiet logs into the report of a spec that fails.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(GinkgoWriter, nil)) }

func adopt(l *eventloop.Loop, clock *looptest.Clock) *world {
	w := &world{Loop: l, clock: clock}
	l.SetExceptionHandler(w.hear)
	DeferCleanup(func() {
		Expect(l.Close()).To(Succeed())
		// As text: a formatter that follows a closed loop's pointers ends in memory
		// that is not there any more.
		var unexpected []string
		for _, c := range w.reports() {
			unexpected = append(unexpected, fmt.Sprintf("%s: %v", c.Message, c.Err))
		}
		Expect(unexpected).To(BeEmpty(), "unexpected calls of the exception handler")
	})
	return w
}

func (w *world) hear(_ *eventloop.Loop, c eventloop.ExceptionContext) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, c)
}

// reports takes what the exception handler was told so far.
func (w *world) reports() []eventloop.ExceptionContext {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.heard
	w.heard = nil
	return heard
}

// run runs the loop until somebody stops it, at the latest when ctx ends.
func (w *world) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, w.Stop)()
	err := w.RunForever()
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// watch has fn called while r is readable and returns what ends that; false, and
// nothing, where a loop has no readers and only its transports see events.
func (w *world) watch(r *end, fn func()) (forget func(), ok bool) {
	GinkgoHelper()
	if w.Capabilities().Check(platform.AddReader) != nil {
		return func() {}, false
	}
	Expect(w.AddReader(r.Fd(), fn)).To(Succeed())
	return func() {
		GinkgoHelper()
		Expect(w.RemoveReader(r.Fd())).To(BeTrue())
	}, true
}

// once runs one iteration.
func (w *world) once() {
	GinkgoHelper()
	Expect(looptest.RunOnce(w.Loop)).To(Succeed())
}

// background runs the loop on a goroutine of its own until halt, or the end of
// the spec.
func (w *world) background() (halt func()) {
	GinkgoHelper()
	over, runs := make(chan error, 1), make(chan struct{})
	Expect(w.Post(func() { close(runs) })).To(Succeed())
	go func() { over <- w.RunForever() }()
	halt = sync.OnceFunc(func() {
		w.Stop()
		Eventually(over).WithTimeout(patient).Should(Receive(BeNil()))
	})
	DeferCleanup(halt)
	Eventually(runs).WithTimeout(patient).Should(BeClosed()) // so that whoever counts goroutines next counts its
	return halt
}

// on runs fn on the loop's goroutine, whose loop runs in the background.
func (w *world) on(ctx context.Context, fn func()) {
	GinkgoHelper()
	Expect(w.Do(ctx, func() error { fn(); return nil })).To(Succeed())
}

// statistics returns what a server has counted by now.
func statistics(ctx context.Context, w *world, server *eventloop.Server) (s eventloop.ServerStatistics) {
	GinkgoHelper()
	w.on(ctx, func() { s = server.Statistics() })
	return s
}

// trace is what callbacks leave behind, to be looked at by the spec.
type trace struct {
	mu    sync.Mutex
	names []string
}

func (t *trace) add(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names = append(t.names, name)
}

// adds returns a callback that leaves its name.
func (t *trace) adds(name string) func() { return func() { t.add(name) } }

// take returns the names that were left since the last take.
func (t *trace) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := t.names
	t.names = nil
	return names
}
