package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func timeoutSpecs(kind string) {
	Describe("Timeout", func() {
		It("ends the waits of its function when the time is up by the loop's clock", func() {
			w := newWorld(kind)
			var seen error
			task := spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Minute, func(ctx context.Context) error {
					seen = eventloop.Sleep(ctx, time.Hour)
					return seen
				})
			})
			w.once()
			w.clock.Advance(time.Minute - time.Nanosecond)
			w.once()
			Expect(task.Done()).To(BeFalse())
			w.clock.Advance(time.Nanosecond)
			w.once() // the timer
			w.once() // the task
			Expect(task.Done()).To(BeTrue())
			Expect(task.Err()).To(MatchError(context.DeadlineExceeded))
			Expect(task.Err()).To(MatchError("timed out after 1m0s"))
			var e *eventloop.TimeoutError
			Expect(errors.As(seen, &e)).To(BeTrue())
			Expect(e.After).To(Equal(time.Minute))
			var n net.Error
			Expect(errors.As(seen, &n) && n.Timeout()).To(BeTrue())
			Expect(task.Cancelled()).To(BeFalse())
		})

		It("returns what its function returns in time, and leaves no timer", func() {
			w := newWorld(kind)
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Hour, func(ctx context.Context) error { return eventloop.Sleep(ctx, 0) })
			}))).To(Succeed())
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Hour, func(context.Context) error { return errSpec })
			}))).To(MatchError(errSpec))
			w.clock.Advance(2 * time.Hour)
			w.once()
		})

		It("says nothing of a timeout that its function has survived", func() {
			w := newJumpingWorld(kind)
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_ = eventloop.Sleep(ctx, time.Hour)
					return nil
				})
			}))).To(Succeed())
		})

		It("takes a cancellation that its function returns for the timeout that led to it", func() {
			w := newJumpingWorld(kind)
			err := finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
					derived, cancel := context.WithCancel(ctx)
					defer cancel()
					_ = eventloop.Sleep(ctx, time.Hour)
					return fmt.Errorf("dialing: %w", derived.Err())
				})
			}))
			Expect(err).To(MatchError(context.DeadlineExceeded))
			Expect(err).NotTo(MatchError(context.Canceled))
			var e *eventloop.TimeoutError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(e.Err).To(MatchError("dialing: context canceled"))
		})

		It("ends at once without time, but not what needs no wait", func() {
			w := newWorld(kind)
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, 0, func(ctx context.Context) error {
					_, err := future7(w).Await(ctx)
					return err
				})
			}))).To(Succeed())
			for _, d := range []time.Duration{0, -time.Second} {
				Expect(finish(w, spawn(w, func(ctx context.Context) error {
					return eventloop.Timeout(ctx, d, func(ctx context.Context) error { return eventloop.Sleep(ctx, 0) })
				}))).To(MatchError(context.DeadlineExceeded))
			}
		})

		It("cancels the future that is awaited", func() {
			w := newJumpingWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_, err := f.Await(ctx)
					return err
				})
			}))).To(MatchError(context.DeadlineExceeded))
			Expect(f.Cancelled()).To(BeTrue())
		})

		It("ends a wait that is given a context derived from its own", func() {
			w := newJumpingWorld(kind)
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
					derived, cancel := context.WithCancel(context.WithValue(ctx, valueKey{}, 1))
					defer cancel()
					return eventloop.Sleep(derived, time.Hour)
				})
			}))).To(MatchError(context.DeadlineExceeded))
		})

		It("bounds a task group and all that is in it", func() {
			w := newJumpingWorld(kind)
			ended := 0
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
					return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g *eventloop.TaskGroup) error {
						for range 3 {
							g.Go(func(ctx context.Context) error {
								defer func() { ended++ }()
								return eventloop.Sleep(ctx, time.Hour)
							})
						}
						return nil
					})
				})
			}))).To(MatchError(context.DeadlineExceeded))
			Expect(ended).To(Equal(3))
			Expect(w.Now()).To(BeTemporally("~", time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC), time.Millisecond))
		})

		When("the task is cancelled", func() {
			It("passes that on, also if the time is up at the same moment", func() {
				for _, both := range []bool{false, true} {
					w := newWorld(kind)
					task := spawn(w, func(ctx context.Context) error {
						return eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
							return eventloop.Sleep(ctx, time.Hour)
						})
					})
					w.once()
					if both {
						w.clock.Advance(time.Second)
						w.once() // the timer; the task is about to go on
					}
					task.Cancel()
					Expect(finish(w, task)).To(MatchError(eventloop.ErrCancelled))
				}
			})

			It("bounds the waits that clean up, too", func() {
				w := newWorld(kind)
				var first, second, third error
				task := spawn(w, func(ctx context.Context) error {
					return eventloop.Timeout(ctx, time.Minute, func(ctx context.Context) error {
						first = eventloop.Sleep(ctx, time.Hour)
						second = eventloop.Sleep(ctx, time.Second)
						third = eventloop.Sleep(ctx, time.Hour)
						return third
					})
				})
				w.once()
				task.Cancel()
				w.once()
				Expect(first).To(MatchError(eventloop.ErrCancelled))
				w.clock.Advance(time.Second)
				w.once()
				w.once()
				Expect(second).NotTo(HaveOccurred())
				w.clock.Advance(time.Minute)
				Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
				Expect(third).To(MatchError(context.DeadlineExceeded))
			})

			It("can be used by a survivor", func() {
				w := newWorld(kind)
				var before error
				task := spawn(w, func(ctx context.Context) error {
					_ = eventloop.Sleep(ctx, time.Hour)
					return eventloop.Timeout(ctx, time.Minute, func(ctx context.Context) error {
						before = ctx.Err()
						return eventloop.Sleep(ctx, time.Hour)
					})
				})
				w.once()
				task.Cancel()
				w.once()
				Expect(task.Done()).To(BeFalse())
				Expect(before).NotTo(HaveOccurred())
				w.clock.Advance(time.Minute)
				Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
			})
		})

		It("goes by the system's clock on other goroutines", func(ctx SpecContext) {
			guard()
			err := eventloop.Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
				return eventloop.Sleep(ctx, time.Hour)
			})
			var e *eventloop.TimeoutError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(eventloop.Timeout(ctx, 0, func(ctx context.Context) error { return ctx.Err() })).To(MatchError(context.DeadlineExceeded))
			Expect(eventloop.Timeout(ctx, time.Hour, func(context.Context) error { return nil })).To(Succeed())
		}, bounded)
	})

	Describe("WithTimeout", func() {
		type scopes struct{ outer, inner *eventloop.TimeoutScope }
		// nested runs a task in two scopes.
		nested := func(w *world, outside, inside time.Duration) (s scopes, err error) {
			err = finish(w, spawn(w, func(ctx context.Context) error {
				outer, cancel := eventloop.WithTimeout(ctx, outside)
				defer cancel()
				inner, cancel := eventloop.WithTimeout(outer, inside)
				defer cancel()
				s = scopes{outer, inner}
				return eventloop.Sleep(inner, time.Hour)
			}))
			return s, err
		}

		It("tells whose time was up where scopes are nested", func() {
			w := newJumpingWorld(kind)
			s, err := nested(w, time.Second, time.Minute)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			Expect([]bool{s.outer.Caused(err), s.inner.Caused(err)}).To(Equal([]bool{true, false}))
			Expect([]bool{s.outer.Expired(), s.inner.Expired()}).To(Equal([]bool{true, false}))
			s, err = nested(w, time.Minute, time.Second)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			Expect([]bool{s.outer.Caused(err), s.inner.Caused(err)}).To(Equal([]bool{false, true}))
			Expect([]bool{s.outer.Expired(), s.inner.Expired()}).To(Equal([]bool{false, true}))
		})

		It("lets the outer scope go on when the inner one's time was up", func() {
			w := newJumpingWorld(kind)
			var inner error
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Minute, func(ctx context.Context) error {
					inner = eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
						return eventloop.Sleep(ctx, time.Hour)
					})
					return eventloop.Sleep(ctx, time.Second)
				})
			}))).To(Succeed())
			Expect(inner).To(MatchError(context.DeadlineExceeded))
		})

		It("moves its end", func() {
			w := newWorld(kind)
			var s *eventloop.TimeoutScope
			task := spawn(w, func(ctx context.Context) error {
				scope, cancel := eventloop.WithTimeout(ctx, time.Second)
				defer cancel()
				s = scope
				return eventloop.Sleep(s, time.Hour)
			})
			w.once()
			start := w.Now()
			Expect(s.When()).To(BeTemporally("==", start.Add(time.Second)))
			Expect(s.Reschedule(start.Add(time.Minute))).To(Succeed())
			w.clock.Advance(time.Second)
			w.once()
			w.once()
			Expect(task.Done()).To(BeFalse())
			Expect(s.Reschedule(time.Time{})).To(Succeed())
			Expect(s.When()).To(BeZero())
			w.clock.Advance(time.Minute)
			w.once()
			w.once()
			Expect(task.Done()).To(BeFalse())
			Expect(s.Reschedule(start)).To(Succeed())
			Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
			Expect(s.Expired()).To(BeTrue())
			Expect(s.Reschedule(start)).To(MatchError(eventloop.ErrInvalidState))
		})

		It("is a context that ends for everybody, with the names that contexts have for it", func() {
			w := newJumpingWorld(kind)
			s, _ := nested(w, time.Second, time.Minute)
			Expect(s.outer.Done()).To(BeClosed())
			Expect(s.outer.Err()).To(Equal(context.DeadlineExceeded))
			Expect(s.outer.Caused(context.Cause(s.outer))).To(BeTrue())
			Expect(s.inner.Done()).To(BeClosed())
			Expect(s.outer.Caused(context.Cause(s.inner))).To(BeTrue())
			_, has := s.outer.Deadline()
			Expect(has).To(BeFalse())
		})

		It("ends by cancel, as Canceled, from any goroutine", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			entered := make(chan context.CancelFunc, 1)
			var s *eventloop.TimeoutScope
			task := spawn(w, func(ctx context.Context) error {
				scope, cancel := eventloop.WithTimeout(ctx, time.Hour)
				defer cancel()
				s = scope
				entered <- cancel
				return eventloop.Sleep(s, time.Hour)
			})
			(<-entered)()
			_, err := task.Await(ctx)
			Expect(err).To(MatchError(context.Canceled))
			var expired bool
			var why error
			Expect(w.Do(ctx, func() error {
				expired, why = s.Expired(), s.Err()
				return s.Reschedule(w.Now())
			})).To(MatchError(eventloop.ErrInvalidState))
			Expect(expired).To(BeFalse())
			Expect(why).To(Equal(context.Canceled))
		}, bounded)

		It("goes by the system's clock on other goroutines", func(ctx SpecContext) {
			guard()
			s, cancel := eventloop.WithTimeout(ctx, time.Hour)
			Expect(s.Err()).NotTo(HaveOccurred())
			Expect(s.Reschedule(time.Now().Add(time.Hour))).To(Succeed())
			Expect(s.Reschedule(time.Time{})).To(Succeed())
			Expect(s.Reschedule(time.Now().Add(time.Millisecond))).To(Succeed())
			Eventually(ctx, s.Done()).Should(BeClosed())
			Expect(s.Expired()).To(BeTrue())
			Expect(s.Err()).To(Equal(context.DeadlineExceeded))
			Expect(s.Reschedule(time.Now())).To(MatchError(eventloop.ErrInvalidState))
			cancel()
			s, cancel = eventloop.WithTimeout(ctx, time.Hour)
			cancel()
			Expect(s.Err()).To(Equal(context.Canceled))
			Expect(s.Expired()).To(BeFalse())
		}, bounded)

		It("works in a task that goes on while its loop is closed", func() {
			w := newWorld(kind)
			var err error
			spawn(w, func(ctx context.Context) error {
				_ = eventloop.Sleep(ctx, time.Hour)
				err = eventloop.Timeout(ctx, time.Hour, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Minute) })
				return nil
			})
			w.once()
			Expect(w.Close()).To(Succeed())
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.reports()).To(HaveLen(1))
		})
	})

	Describe("WaitFor", func() {
		It("hears of the end of its time in the next turn", func() {
			w := newWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			task := spawn(w, func(ctx context.Context) error {
				_, err := eventloop.WaitFor[int](ctx, f, time.Second)
				return err
			})
			w.once()
			w.clock.Advance(time.Second)
			w.once()
			w.once()
			Expect(task.Done()).To(BeTrue())
			Expect(task.Err()).To(Equal(context.DeadlineExceeded))
		})
	})
}

type valueKey struct{}

// future7 is done.
func future7(w *world) *eventloop.Future[int] {
	f := eventloop.NewFuture[int](w.Loop)
	f.SetResult(7)
	return f
}
