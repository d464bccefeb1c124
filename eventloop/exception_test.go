package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// newLoggingWorld makes a loop without an exception handler that logs into a
// buffer.
func newLoggingWorld(kind string, logger *slog.Logger) *world {
	GinkgoHelper()
	w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Logger: logger})
	w.SetExceptionHandler(nil)
	return w
}

func textLogger() (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return slog.New(slog.NewTextHandler(&out, nil)), &out
}

// panickingHandler is a slog.Handler that can not be relied on.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic("the disk is full") }

func newPanickingLogger() *slog.Logger {
	return slog.New(panickingHandler{slog.NewTextHandler(&bytes.Buffer{}, nil)})
}

// panickingLoggers is a helper program: one loop has a logger that panics, the
// other logs through slog's default, and that does.
func panickingLoggers() error {
	slog.SetDefault(newPanickingLogger())
	for _, logger := range []*slog.Logger{newPanickingLogger(), nil} {
		l, err := eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Logger: logger})
		if err != nil {
			return err
		}
		l.CallSoon(func() { panic("original") })
		l.CallSoon(func() { fmt.Println("the rest runs"); l.Stop() })
		if err := errors.Join(l.RunForever(), l.Close()); err != nil {
			return err
		}
	}
	return nil
}

func exceptionSpecs(kind string) {
	Describe("a callback that panics", func() {
		It("is reported with its panic, its stack and its handle, and the loop goes on", func() { // A47
			w, t := newWorld(kind), &trace{}
			w.CallSoon(func() { panic("oops") })
			w.CallSoon(t.adds("rest"))
			w.once()
			Expect(t.take()).To(Equal([]string{"rest"}))
			reports := w.reports()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].Message).NotTo(BeEmpty())
			Expect(reports[0].Handle).NotTo(BeNil())
			Expect(reports[0].Handle.Cancel()).To(BeFalse())
			var p *eventloop.PanicError
			Expect(errors.As(reports[0].Err, &p)).To(BeTrue())
			Expect(p.Value).To(Equal("oops"))
			Expect(string(p.Stack)).To(ContainSubstring("exceptionSpecs"))
		})

		It("is found by errors.Is when it panicked with an error", func() {
			w := newWorld(kind)
			w.CallSoon(func() { panic(errSpec) })
			w.once()
			Expect(w.reports()).To(HaveExactElements(HaveField("Err", MatchError(errSpec))))
		})

		It("is reported whatever way it was scheduled", func() {
			w := newWorld(kind)
			r, _ := readablePipe("x")
			oops := func() { panic("oops") }
			w.CallLater(0, oops)
			Expect(w.Post(oops)).To(Succeed())
			_, err := w.CallSoonThreadsafe(oops)
			Expect(err).NotTo(HaveOccurred())
			forget, watches := w.watch(r, oops)
			w.once()
			forget()
			reports := 3
			if watches {
				reports = 4
			}
			Expect(w.reports()).To(HaveLen(reports))
		})
	})

	Describe("the exception handler", func() {
		It("is given the loop and what it is called with", func() { // A48 A51
			w := newWorld(kind)
			var loop *eventloop.Loop
			var got eventloop.ExceptionContext
			w.SetExceptionHandler(func(l *eventloop.Loop, c eventloop.ExceptionContext) { loop, got = l, c })
			want := eventloop.ExceptionContext{Message: "m", Err: errSpec, Task: "t", Transport: 1, Protocol: 2}
			w.CallExceptionHandler(want)
			Expect(loop).To(BeIdenticalTo(w.Loop))
			Expect(got).To(Equal(want))
		})

		It("is none at first and after it was set to nil", func() { // A50
			w := newRealWorld(kind)
			Expect(w.ExceptionHandler()).NotTo(BeNil())
			w.SetExceptionHandler(nil)
			Expect(w.ExceptionHandler()).To(BeNil())
		})

		It("is replaced by the default for its own panic, and the loop goes on", func() { // A51
			logger, out := textLogger()
			w, t := newLoggingWorld(kind, logger), &trace{}
			calls := 0
			w.SetExceptionHandler(func(*eventloop.Loop, eventloop.ExceptionContext) { calls++; panic("handler broke") })
			w.CallSoon(func() { panic("original") })
			w.CallSoon(t.adds("rest"))
			w.once()
			Expect(t.take()).To(Equal([]string{"rest"}))
			Expect(calls).To(Equal(1))
			Expect(out.String()).To(SatisfyAll(ContainSubstring("handler broke"), ContainSubstring("original")))
			Expect(bytes.Count(out.Bytes(), []byte("\n"))).To(Equal(1))
		})
	})

	Describe("the default exception handler", func() {
		It("logs an error with the message and what is known, sorted by name", func() { // A49
			logger, out := textLogger()
			w := newLoggingWorld(kind, logger)
			w.CallExceptionHandler(eventloop.ExceptionContext{
				Message: "it broke", Err: errSpec, Transport: 1, Handle: &eventloop.Handle{}, Protocol: "p", Task: 2.5,
			})
			Expect(out.String()).To(MatchRegexp(
				`level=ERROR msg="it broke" error="an error of the spec" handle=\S+ protocol=string task=float64 transport=int\n`))
		})
	})
}

var _ = Describe("a logger that panics", func() {
	It("costs a line on standard error and nothing else", func(ctx SpecContext) { // A52
		stdout, stderr := helper(ctx, "loggers")
		Expect(stdout).To(Equal("the rest runs\nthe rest runs\n"))
		Expect(stderr).To(MatchRegexp(`^(.*the disk is full.*panic: original\n){2}$`))
	}, bounded)
})
