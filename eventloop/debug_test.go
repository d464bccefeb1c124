package eventloop_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
)

// takeItsTime is a callback that is slow by design.
func takeItsTime() {
	for began := time.Now(); time.Since(began) < 5*time.Millisecond; {
	}
}

// newWatchfulWorld makes a loop in debug mode that logs into a buffer.
func newWatchfulWorld(kind string, slow time.Duration) (*world, *bytes.Buffer) {
	GinkgoHelper()
	logger, out := textLogger()
	w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Logger: logger, Debug: true, SlowCallback: slow})
	return w, out
}

// debugOfEnvironment is a helper program: what a new loop thinks of debug mode.
func debugOfEnvironment() error {
	l, err := eventloop.NewSelectorLoop(nil)
	if err != nil {
		return err
	}
	fmt.Println(l.Debug(), l.SlowCallback())
	return l.Close()
}

func debugSpecs(kind string) {
	Describe("debug mode", func() {
		It("warns once about a slow callback, by the function's name", func() { // A54
			w, out := newWatchfulWorld(kind, 2*time.Millisecond)
			w.CallSoon(takeItsTime)
			w.once()
			Expect(bytes.Count(out.Bytes(), []byte("takeItsTime"))).To(Equal(1))
			Expect(out.String()).To(MatchRegexp(`level=WARN msg="slow callback" callback=\S+takeItsTime took=\d`))
		})

		It("names slow timers, readers and calls from other goroutines too", func() {
			w, out := newWatchfulWorld(kind, 2*time.Millisecond)
			r, _ := readablePipe("x")
			w.CallLater(0, takeItsTime)
			_, err := w.CallSoonThreadsafe(takeItsTime)
			Expect(err).NotTo(HaveOccurred())
			forget, watches := w.watch(r, takeItsTime)
			w.once()
			forget()
			named := 2
			if watches {
				named = 3
			}
			Expect(bytes.Count(out.Bytes(), []byte("takeItsTime"))).To(Equal(named), out.String())
		})

		It("warns of a slow callback that panics", func() {
			w, out := newWatchfulWorld(kind, 2*time.Millisecond)
			w.CallSoon(func() { takeItsTime(); panic("slowly") })
			w.once()
			Expect(out.String()).To(ContainSubstring("slow callback"))
			Expect(w.reports()).To(HaveLen(1))
		})

		DescribeTable("takes its threshold", func(set, effective time.Duration, warns bool) {
			w, out := newWatchfulWorld(kind, set)
			Expect(w.SlowCallback()).To(Equal(effective))
			w.SetSlowCallback(set)
			Expect(w.SlowCallback()).To(Equal(effective))
			w.CallSoon(takeItsTime)
			w.once()
			Expect(out.Len() > 0).To(Equal(warns))
		},
			Entry("as a tenth of a second for zero", time.Duration(0), 100*time.Millisecond, false),
			Entry("as never for a negative one", time.Duration(-1), time.Duration(-1), false),
			Entry("as it is otherwise", time.Millisecond, time.Millisecond, true),
		)

		It("panics with ErrInvalidState when another goroutine schedules", func(ctx SpecContext) { // A55
			w, _ := newWatchfulWorld(kind, 0)
			refused := PanicWith(MatchError(eventloop.ErrInvalidState))
			halt := w.background()
			Expect(func() { w.CallSoon(func() {}) }).To(refused)
			Expect(func() { w.CallLater(0, func() {}) }).To(refused)
			Expect(func() { w.CallAt(time.Now(), func() {}) }).To(refused)
			if w.Capabilities().Check(platform.AddReader) == nil {
				Expect(func() { _ = w.AddReader(0, func() {}) }).To(refused)
				Expect(func() { _, _ = w.RemoveReader(0) }).To(refused)
			}
			_, err := w.CallSoonThreadsafe(func() {})
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { w.CallSoon(func() {}) })
			halt()
		}, bounded)

		It("does not check while the loop does not run", func() { // A55
			w, _ := newWatchfulWorld(kind, 0)
			Expect(func() { w.CallSoon(func() {}) }).NotTo(Panic())
			Expect(func() { w.CallLater(0, func() {}) }).NotTo(Panic())
			w.once()
		})

		It("can be switched while the loop runs", func() { // A57
			w, out := newWatchfulWorld(kind, 2*time.Millisecond)
			w.SetDebug(false)
			w.CallSoon(func() { takeItsTime(); w.SetDebug(true) })
			w.CallSoon(takeItsTime)
			w.once()
			Expect(w.Debug()).To(BeTrue())
			Expect(bytes.Count(out.Bytes(), []byte("takeItsTime"))).To(Equal(1))
			Expect(bytes.Count(out.Bytes(), []byte("\n"))).To(Equal(1))
		})

		It("is off by default, and then nothing is timed", func() {
			logger, out := textLogger()
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Logger: logger, SlowCallback: 1})
			Expect(w.Debug()).To(BeFalse())
			w.CallSoon(takeItsTime)
			w.once()
			Expect(out.String()).To(BeEmpty())
		})
	})

	Describe("a loop without a logger", func() {
		It("logs through slog's default of the moment", func() {
			guard()
			l, err := looptest.OfKind(kind, eventloop.SelectorConfig{})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(l.Close)
			logger, out := textLogger()
			old := slog.Default()
			slog.SetDefault(logger)
			DeferCleanup(func() { slog.SetDefault(old) })
			l.CallExceptionHandler(eventloop.ExceptionContext{Message: "heard"})
			Expect(out.String()).To(ContainSubstring("heard"))
		})
	})
}

var _ = DescribeTable("the environment variable TIDEMILL_DEBUG", // A57
	func(ctx SpecContext, setting, printed string) {
		stdout, _ := helper(ctx, "debug", setting)
		Expect(stdout).To(Equal(printed + " 100ms\n"))
	},
	Entry("switches debug mode on", "TIDEMILL_DEBUG=1", "true", bounded),
	Entry("leaves it off when it is 0", "TIDEMILL_DEBUG=0", "false", bounded),
	Entry("leaves it off when it is empty", "TIDEMILL_DEBUG=", "false", bounded),
)
