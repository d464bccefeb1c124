package tidemill_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/transports"
)

const (
	patience = 10 * time.Second

	// settling is how long the kernel may take to bring to one end of a loopback
	// connection what happened at the other. It is waited for by the loop.
	settling = 5 * time.Millisecond
)

// env is a loop on a goroutine of its own: what every column of the matrix has.
type env struct {
	kind     string
	loop     *eventloop.Loop
	warnings warnings
	mu       sync.Mutex
	failures []transports.Failure
}

// newEnv starts a loop for one spec, and fails the spec for what it leaves.
func newEnv(kind string) *env {
	GinkgoHelper()
	leavesNothing()
	e := &env{kind: kind}
	var err error
	e.loop, err = looptest.OfKind(kind, eventloop.SelectorConfig{Logger: slog.New(&e.warnings)})
	Expect(err).NotTo(HaveOccurred())
	e.loop.SetExceptionHandler(e.report)
	done := make(chan error, 1)
	go func() { done <- e.loop.RunForever() }()
	DeferCleanup(func() {
		e.loop.Stop()
		Eventually(done, patience).Should(Receive(BeNil()))
		Expect(e.loop.Close()).To(Succeed())
	})
	return e
}

// leavesNothing is the last cleanup of a spec: no goroutine, no descriptor.
func leavesNothing() {
	GinkgoHelper()
	goroutines, descriptors := gleak.Goroutines(), countDescriptors()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines, patience).ShouldNot(gleak.HaveLeaked(goroutines))
		Eventually(countDescriptors, patience).Should(BeNumerically("<=", descriptors))
	})
}

func (e *env) report(_ *eventloop.Loop, c eventloop.ExceptionContext) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failures = append(e.failures, transports.Failure{
		Message: c.Message, Err: c.Err, Transport: c.Transport, Protocol: c.Protocol, Socket: c.Socket,
		Callback: c.Handle != nil,
	})
}

// Failures implements conformance.Env.
func (e *env) Failures() []transports.Failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]transports.Failure{}, e.failures...)
}

// Warnings implements conformance.Env.
func (e *env) Warnings() int { return int(e.warnings.Load()) }

// Do implements conformance.Env.
func (e *env) Do(fns ...func()) {
	GinkgoHelper()
	ran := make(chan struct{})
	Expect(e.loop.Post(func() {
		for _, fn := range fns {
			e.loop.CallSoon(fn)
		}
		e.loop.CallSoon(func() { close(ran) })
	})).To(Succeed())
	Eventually(ran, patience).Should(BeClosed())
}

// Elsewhere implements conformance.Env.
func (e *env) Elsewhere(fn func()) {
	GinkgoHelper()
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		fn()
	}()
	Eventually(ran, patience).Should(BeClosed())
}

// Turn implements conformance.Env: the loop's goroutine turns by itself.
func (e *env) Turn() {}

// Settle implements conformance.Env.
func (e *env) Settle() {
	GinkgoHelper()
	past := make(chan struct{})
	Expect(e.loop.Post(func() {
		e.loop.CallLater(settling, func() { close(past) })
	})).To(Succeed())
	Eventually(past, patience).Should(BeClosed())
}

// SetDebug implements conformance.Env.
func (e *env) SetDebug(on bool) { e.loop.SetDebug(on) }

// warnings counts what a loop logs as one.
type warnings struct{ atomic.Int64 }

func (w *warnings) Enabled(context.Context, slog.Level) bool { return true }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		w.Add(1)
	}
	return nil
}

func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w *warnings) WithGroup(string) slog.Handler      { return w }
