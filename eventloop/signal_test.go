//go:build unix

package eventloop_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/signals"
)

// Signals that nobody else uses here. SIGUSR1 is Ginkgo's.
const (
	firstSignal  = syscall.SIGUSR2
	secondSignal = syscall.SIGIO
)

// raise sends a signal to the process itself.
func raise(sig syscall.Signal) {
	GinkgoHelper()
	Expect(syscall.Kill(os.Getpid(), sig)).To(Succeed())
}

func signalSpecs(kind string) {
	Describe("AddSignalHandler", Serial, func() {
		It("calls back on the loop, which it wakes", func(ctx SpecContext) { // M1 M2
			w := newRealWorld(kind)
			heard := make(chan *eventloop.Loop, 10)
			w.background()
			w.on(ctx, func() {
				_ = w.AddSignalHandler(firstSignal, func() {
					here, _ := eventloop.Running()
					heard <- here
				})
			})
			for range 3 {
				raise(firstSignal)
				Eventually(ctx, heard).Should(Receive(BeIdenticalTo(w.Loop)))
			}
		}, bounded)

		It("never calls back inside the code that was interrupted", func(ctx SpecContext) { // M1
			w, t := newRealWorld(kind), &trace{}
			w.CallSoon(func() {
				_ = w.AddSignalHandler(firstSignal, func() { t.add("handler"); w.Stop() })
				_ = syscall.Kill(os.Getpid(), firstSignal)
				for began := time.Now(); time.Since(began) < tick; {
				}
				t.add("after kill")
			})
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"after kill", "handler"}))
		}, bounded)

		It("replaces the handler that was there", func(ctx SpecContext) { // M3
			w, t := newRealWorld(kind), &trace{}
			Expect(w.AddSignalHandler(firstSignal, t.adds("first"))).To(Succeed())
			Expect(w.AddSignalHandler(firstSignal, func() { t.add("second"); w.Stop() })).To(Succeed())
			raise(firstSignal)
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"second"}))
		}, bounded)

		It("keeps a handler that panics, and reports it", func(ctx SpecContext) { // M10
			w := newRealWorld(kind)
			w.background()
			Expect(w.Do(ctx, func() error {
				return w.AddSignalHandler(firstSignal, func() { panic(errSpec) })
			})).To(Succeed())
			for range 2 {
				raise(firstSignal)
				Eventually(ctx, w.reports).Should(HaveExactElements(SatisfyAll(
					HaveField("Err", MatchError(errSpec)),
					HaveField("Handle", Not(BeNil())),
				)))
			}
		}, bounded)

		It("refuses what can not be handled, and keeps nothing", func() { // M5 M6
			w := newRealWorld(kind)
			nothing := func() {}
			for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
				err := w.AddSignalHandler(sig, nothing)
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				Expect(err).To(MatchError(signals.ErrUncatchable))
				Expect(err).To(MatchError(ContainSubstring("cannot be caught")))
				Expect(w.RemoveSignalHandler(sig)).To(BeFalse())
			}
			for _, sig := range []os.Signal{nil, syscall.Signal(0), syscall.Signal(-1), syscall.Signal(1000)} {
				Expect(w.AddSignalHandler(sig, nothing)).To(MatchError(os.ErrInvalid))
				_, err := w.RemoveSignalHandler(sig)
				Expect(err).To(MatchError(os.ErrInvalid))
			}
			Expect(w.AddSignalHandler(firstSignal, nil)).To(MatchError(os.ErrInvalid))
			Expect(w.RemoveSignalHandler(firstSignal)).To(BeFalse())
		})

		It("refuses a closed loop", func() { // M9
			w := newRealWorld(kind)
			Expect(w.Close()).To(Succeed())
			Expect(w.AddSignalHandler(firstSignal, func() {})).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.RemoveSignalHandler(firstSignal)).To(BeFalse())
		})

		It("is for the loop's goroutine, as debug mode says", func(ctx SpecContext) { // M8
			w := newRealWorld(kind)
			w.SetDebug(true)
			w.background()
			Expect(w.AddSignalHandler(firstSignal, func() {})).To(MatchError(eventloop.ErrInvalidState))
			_, err := w.RemoveSignalHandler(firstSignal)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(w.Do(ctx, func() error { return w.AddSignalHandler(firstSignal, func() {}) })).To(Succeed())
		}, bounded)
	})

	Describe("RemoveSignalHandler", Serial, func() {
		It("says whether there was one", func() { // M4
			w := newRealWorld(kind)
			Expect(w.RemoveSignalHandler(firstSignal)).To(BeFalse())
			Expect(w.AddSignalHandler(firstSignal, func() {})).To(Succeed())
			Expect(w.RemoveSignalHandler(firstSignal)).To(BeTrue())
			Expect(w.RemoveSignalHandler(firstSignal)).To(BeFalse())
		})

		It("holds back a call that is in the queue already", func(ctx SpecContext) { // M14
			w, t := newRealWorld(kind), &trace{}
			Expect(w.AddSignalHandler(firstSignal, t.adds("removed"))).To(Succeed())
			Expect(w.AddSignalHandler(secondSignal, func() { t.add("kept"); w.Stop() })).To(Succeed())
			w.CallSoon(func() {
				_ = syscall.Kill(os.Getpid(), firstSignal)
				_ = syscall.Kill(os.Getpid(), secondSignal)
				for began := time.Now(); time.Since(began) < tick; {
				}
				_, _ = w.RemoveSignalHandler(firstSignal)
			})
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"kept"}))
			raise(firstSignal)
			w.CallSoon(w.Stop)
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(BeEmpty())
		}, bounded)
	})

	Describe("a closed loop's signal handlers", Serial, func() {
		It("are gone, though a signal has come", func() { // M12; the world finds goroutines that are left
			w, t := newRealWorld(kind), &trace{}
			Expect(w.AddSignalHandler(firstSignal, t.adds("a"))).To(Succeed())
			Expect(w.AddSignalHandler(secondSignal, t.adds("b"))).To(Succeed())
			raise(firstSignal)
			Expect(w.Close()).To(Succeed())
			raise(firstSignal)
			Expect(t.take()).To(BeEmpty())
		})
	})

	It("hears a signal in every loop that asked for it", Serial, func(ctx SpecContext) { // M17
		a, b := newRealWorld(kind), newRealWorld(kind)
		heard := make(chan string, 10)
		both := map[string]*world{"a": a, "b": b}
		for name, w := range both {
			w.background()
			w.on(ctx, func() { _ = w.AddSignalHandler(firstSignal, func() { heard <- name }) })
		}
		raise(firstSignal)
		var one, two string
		Eventually(ctx, heard).Should(Receive(&one))
		Eventually(ctx, heard).Should(Receive(&two))
		Expect([]string{one, two}).To(ConsistOf("a", "b"))
		for _, w := range both { // the second world's guard has seen neither goroutine
			w.on(ctx, func() { _, _ = w.RemoveSignalHandler(firstSignal) })
		}
	}, bounded)

	stormSpecs(kind)
}

var _ = Describe("a signal that ends a program", func() {
	It("has its default action back when the handler is removed or the loop closed", func(ctx SpecContext) { // M4 M12
		for _, name := range []string{"unhandled-removed", "unhandled-closed"} {
			err := endedHelper(ctx, name)
			Expect(err).To(MatchError("signal: terminated"), name)
		}
	}, bounded)
})

// endedHelper is helper for one that does not end by itself.
func endedHelper(ctx context.Context, name string) error {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), helperVariable+"="+name)
	return cmd.Run()
}

// unhandled is a helper program, which SIGTERM ends once its handler is gone.
func unhandled(end func(*eventloop.Loop) error) func() error {
	return func() error {
		l, err := eventloop.New()
		if err != nil {
			return err
		}
		if err := l.AddSignalHandler(syscall.SIGTERM, l.Stop); err != nil {
			return err
		}
		terminate := func() error { return syscall.Kill(os.Getpid(), syscall.SIGTERM) }
		if err := errors.Join(terminate(), l.RunForever(), end(l), terminate()); err != nil {
			return err
		}
		<-time.After(patient) // the kernel may give the signal to another thread, a little later
		return errors.New("SIGTERM did not end the program")
	}
}

func removeTermination(l *eventloop.Loop) error {
	_, err := l.RemoveSignalHandler(syscall.SIGTERM)
	return err
}
