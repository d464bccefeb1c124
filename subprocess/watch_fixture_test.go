package subprocess_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/subprocess"
)

const (
	watched = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second

	// tick is how long a spec watches that nothing happens.
	tick = 20 * time.Millisecond
)

// watcherMaker is a watcher with its name.
type watcherMaker struct {
	name string
	make func() (subprocess.ChildWatcher, error)
}

// noTraces fails the spec if it leaves a goroutine, a descriptor or a child
// behind.
func noTraces() {
	GinkgoHelper()
	before, running := openDescriptors(), gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(running))
		Eventually(openedSince).WithTimeout(patient).WithArguments(before).Should(BeEmpty(), "descriptors are left open")
		Eventually(anyChild).WithTimeout(patient).Should(BeFalse(), "a child is left")
	})
}

// openedSince returns the descriptors that are not among those of before.
func openedSince(before []int) []int {
	return slices.DeleteFunc(openDescriptors(), func(fd int) bool { return slices.Contains(before, fd) })
}

// The runtime's poller opens its own descriptors at first use and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
	// Goroutines that the standard library keeps once os/exec was used.
	_, err = startExit(0).Wait()
	Expect(err).NotTo(HaveOccurred())
})

// logged is what a watcher has logged. What is not taken fails the spec.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.TrimSpace(string(b)))
	return len(b), nil
}

func (l *logged) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// newLog gives a watcher a log.
func newLog(w subprocess.ChildWatcher) *logged {
	GinkgoHelper()
	l := &logged{}
	w.(interface{ SetLogger(*slog.Logger) }).SetLogger(slog.New(slog.NewTextHandler(l, nil)))
	DeferCleanup(func() { Expect(l.take()).To(BeEmpty(), "unexpected warnings") })
	return l
}

// runningLoop is a loop that runs in the background.
type runningLoop struct {
	*eventloop.Loop
	reports chan eventloop.ExceptionContext
	halt    func()
}

func newRunningLoop(kind string) *runningLoop {
	GinkgoHelper()
	l, err := looptest.OfKind(kind, eventloop.SelectorConfig{Debug: true})
	Expect(err).NotTo(HaveOccurred())
	l.SetSlowCallback(-1)
	r := &runningLoop{Loop: l, reports: make(chan eventloop.ExceptionContext, 10)}
	l.SetExceptionHandler(func(_ *eventloop.Loop, c eventloop.ExceptionContext) { r.reports <- c })
	over, runs := make(chan error, 1), make(chan struct{})
	Expect(l.Post(func() { close(runs) })).To(Succeed())
	go func() { over <- l.RunForever() }()
	r.halt = sync.OnceFunc(func() {
		l.Stop()
		Eventually(over).WithTimeout(patient).Should(Receive(BeNil()))
	})
	DeferCleanup(func() {
		r.halt()
		Expect(l.Close()).To(Succeed())
		Expect(r.reports).To(BeEmpty(), "unexpected calls of the exception handler")
	})
	Eventually(runs).WithTimeout(patient).Should(BeClosed()) // so that whoever counts goroutines next counts its
	return r
}

// scene is what the specs of every watcher have, made anew for each of them: a
// loop that runs, a watcher with a log, and what handlers were told.
type scene struct {
	kind string
	l    *runningLoop
	w    subprocess.ChildWatcher
	log  *logged
	got  exits
}

// newScene is for a container.
func newScene(kind string, newWatcher func() (subprocess.ChildWatcher, error)) *scene {
	s := &scene{kind: kind}
	BeforeEach(func() {
		noTraces()
		s.l, s.got = newRunningLoop(kind), newExits()
		var err error
		s.w, err = newWatcher()
		Expect(err).NotTo(HaveOccurred())
		s.log = newLog(s.w)
	})
	return s
}

// next waits for what a handler is told.
func (s *scene) next(ctx context.Context) (e exit) {
	GinkgoHelper()
	Eventually(ctx, s.got).Should(Receive(&e))
	return e
}

// exit is what a handler was told.
type exit struct {
	handler   string
	pid, code int
	onLoop    bool
}

// exits are what handlers were told.
type exits chan exit

func newExits() exits { return make(exits, 1000) }

// by returns a handler that must be called on l's goroutine.
func (e exits) by(handler string, l *runningLoop) func(pid, code int) {
	return func(pid, code int) {
		here, _ := eventloop.Running()
		e <- exit{handler, pid, code, here == l.Loop}
	}
}

// add adds a child on the loop's goroutine.
func add(ctx context.Context, w subprocess.ChildWatcher, l *runningLoop, p *os.Process, fn func(pid, code int)) {
	GinkgoHelper()
	Expect(l.Do(ctx, func() error { return w.AddChildHandler(l, p, fn) })).To(Succeed())
}

// startExit starts a child that ends with a code. It is the spec's to see to its
// end.
func startExit(code int) *os.Process {
	GinkgoHelper()
	return startChild(code, nil)
}

// gated is a child that ends with a code once the spec lets it.
type gated struct {
	*os.Process
	pid  int
	gate *os.File
}

func startGated(code int) *gated {
	GinkgoHelper()
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	p := startChild(code, r)
	Expect(r.Close()).To(Succeed())
	g := &gated{Process: p, pid: p.Pid, gate: w}
	DeferCleanup(g.open)
	return g
}

// open lets the child end.
func (g *gated) open() { _ = g.gate.Close() }

// ends waits until a child has ended, reaped or not.
func ends(ctx context.Context, pid int) {
	GinkgoHelper()
	Eventually(ctx, hasEnded).WithArguments(pid).WithPolling(time.Millisecond).Should(BeTrue())
}

// isReaped waits until a child is gone.
func isReaped(ctx context.Context, pid int) {
	GinkgoHelper()
	Eventually(ctx, wasReaped).WithArguments(pid).WithPolling(time.Millisecond).Should(BeTrue())
}
