package eventloop_test

import (
	"context"
	"errors"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// runWorld is the loop that Run makes through the policy.
type runWorld struct {
	world
	loop *eventloop.Loop
	made int
}

// newRunWorld makes Run use a loop of this configuration.
func newRunWorld(cfg eventloop.SelectorConfig) *runWorld {
	GinkgoHelper()
	guard()
	r := &runWorld{}
	usePolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
		r.made++
		l, err := loopOf(cfg)
		if err == nil {
			l.SetExceptionHandler(r.hear)
			r.loop = l
		}
		return l, err
	}})
	DeferCleanup(func() {
		Expect(r.loop == nil || r.loop.IsClosed()).To(BeTrue(), "Run leaves its loop open")
		Expect(r.reports()).To(BeEmpty(), "unexpected calls of the exception handler")
	})
	return r
}

type key struct{}

var _ = Describe("Run", func() {
	var r *runWorld
	BeforeEach(func() { r = newRunWorld(eventloop.SelectorConfig{}) })

	It("runs main as a task of a new loop from the policy, and returns its error", func(ctx SpecContext) {
		var inside asked
		var current eventloop.AnyTask
		var value any
		err := eventloop.Run(context.WithValue(ctx, key{}, "value"), func(ctx context.Context, l *eventloop.Loop) error {
			inside, current, value = ask(), l.CurrentTask(), ctx.Value(key{})
			return errSpec
		})
		Expect(err).To(MatchError(errSpec))
		Expect(inside).To(Equal(asked{r.loop, nil}))
		Expect(current).NotTo(BeNil())
		Expect(value).To(Equal("value"))
		Expect(r.made).To(Equal(1))
		Expect(r.loop.IsClosed()).To(BeTrue())
	}, bounded)

	It("refuses a nil main", func(ctx SpecContext) {
		Expect(eventloop.Run(ctx, nil)).To(MatchError(ContainSubstring("nil callback given to Run")))
	}, bounded)

	It("returns nil when all went well, and a panic of main as an error", func(ctx SpecContext) {
		Expect(eventloop.Run(ctx, func(context.Context, *eventloop.Loop) error { return nil })).To(Succeed())
		err := eventloop.Run(ctx, func(context.Context, *eventloop.Loop) error { panic("main") })
		var p *eventloop.PanicError
		Expect(errors.As(err, &p)).To(BeTrue())
		Expect(r.made).To(Equal(2))
	}, bounded)

	It("is refused by a goroutine that a loop calls, and makes no loop", func(ctx SpecContext) {
		w := newRealWorld("")
		main := func(context.Context, *eventloop.Loop) error { return errSpec }
		var inCallback, inTask error
		w.CallSoon(func() { inCallback = eventloop.Run(ctx, main) })
		task := spawn(w, func(context.Context) error { inTask = eventloop.Run(ctx, main); return nil })
		Expect(finish(w, task)).To(Succeed())
		Expect(inCallback).To(MatchError(eventloop.ErrLoopRunning))
		Expect(inTask).To(MatchError(eventloop.ErrLoopRunning))
		Expect(r.made).To(BeZero())
	}, bounded)

	When("the context ends", func() {
		It("cancels main, whose wait tells, and which may still clean up", func(ctx SpecContext) {
			limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			var wait, cleanup error
			err := eventloop.Run(limited, func(ctx context.Context, l *eventloop.Loop) error {
				wait = eventloop.Sleep(ctx, time.Hour)
				cleanup = eventloop.Sleep(ctx, time.Millisecond)
				return wait
			})
			Expect(err).To(MatchError(eventloop.ErrCancelled))
			Expect(err).To(MatchError(context.Canceled))
			Expect(wait).To(MatchError(eventloop.ErrCancelled))
			Expect(cleanup).NotTo(HaveOccurred())
		}, bounded)

		It("returns what main makes of it", func(ctx SpecContext) {
			limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			err := eventloop.Run(limited, func(ctx context.Context, l *eventloop.Loop) error {
				_ = eventloop.Sleep(ctx, time.Hour)
				return nil
			})
			Expect(err).NotTo(HaveOccurred())
		}, bounded)

		It("does not begin main if it has ended before", func() {
			began := false
			err := eventloop.Run(expired(), func(context.Context, *eventloop.Loop) error { began = true; return nil })
			Expect(errors.Is(err, context.Canceled) || began).To(BeTrue())
			Expect(r.loop.IsClosed()).To(BeTrue())
		})
	})

	When("the loop is stopped or left before main is over", func() {
		It("returns ErrInvalidState after Stop, and cleans up all the same", func(ctx SpecContext) {
			var wait error
			err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				l.Stop()
				wait = eventloop.Sleep(ctx, time.Hour)
				return wait
			})
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(wait).To(MatchError(eventloop.ErrCancelled))
		}, bounded)

		It("is not kept from cleaning up by those who call Stop meanwhile", func(ctx SpecContext) {
			finished := false
			err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
					err := eventloop.Sleep(ctx, time.Hour)
					l.Stop()
					_ = eventloop.Sleep(ctx, time.Millisecond)
					l.Stop()
					finished = true
					return none{}, err
				})
				return eventloop.Sleep(ctx, 0)
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(finished).To(BeTrue())
		}, bounded)

		It("cleans up after runtime.Goexit in main", func(ctx SpecContext) {
			cleaned := false
			err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
					err := eventloop.Sleep(ctx, time.Hour)
					cleaned = errors.Is(err, eventloop.ErrCancelled)
					return none{}, err
				})
				if err := eventloop.Sleep(ctx, 0); err != nil {
					return err
				}
				runtime.Goexit()
				return nil
			})
			Expect(err).To(MatchError(eventloop.ErrGoexit))
			Expect(cleaned).To(BeTrue())
			r.reports() // main's error may be told of there, too
		}, bounded)

		It("goes on cleaning up after runtime.Goexit in what is cancelled", func(ctx SpecContext) {
			cleaned := false
			err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				for _, last := range []func(){runtime.Goexit, func() { cleaned = true }} {
					eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
						err := eventloop.Sleep(ctx, time.Hour)
						_ = eventloop.Sleep(ctx, 0)
						last()
						return none{}, err
					})
				}
				return eventloop.Sleep(ctx, 0)
			})
			Expect(err).To(MatchError(eventloop.ErrGoexit))
			Expect(cleaned).To(BeTrue())
			r.reports() // the task's error is told of there
		}, bounded)
	})
})
