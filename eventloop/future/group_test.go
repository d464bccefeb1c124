package future_test

import (
	"context"
	"errors"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a task group", func() {
	type G = *future.TaskGroup
	var l *loop
	var never *future.Future[int]
	var events []string

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		never = future.New[int](l)
		events = nil
	})

	event := func(name string) { events = append(events, name) }

	// grouped runs a task that runs a group, as far as it goes.
	grouped := func(body func(ctx context.Context, g G) error) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			defer event("group over")
			return future.RunTaskGroup(ctx, l, body)
		})
		l.idle()
		return t
	}
	forever := func(ctx context.Context) error {
		_, err := future.New[none](l).Await(ctx)
		return err
	}
	failing := func(err error) func(context.Context) error {
		return func(context.Context) error { return err }
	}
	// cleaning is forever, and needs a turn for its end.
	cleaning := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			err := forever(ctx)
			event(name + " cancelled")
			future.FromContext(ctx).Yield(ctx)
			event(name + " cleaned")
			return err
		}
	}

	It("is over when its tasks are", func() {
		f := future.New[int](l)
		var sum int
		t := grouped(func(ctx context.Context, g G) error {
			for range 2 {
				future.GroupTask(g, func(ctx context.Context) (int, error) {
					v, err := f.Await(ctx)
					sum += v
					return v, err
				})
			}
			event("body over")
			return nil
		})
		Expect(events).To(Equal([]string{"body over"}))
		f.SetResult(3)
		l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(sum).To(Equal(6))
		Expect(events).To(Equal([]string{"body over", "group over"}))
	})

	It("needs no tasks", func() {
		Expect(grouped(func(context.Context, G) error { return nil }).Err()).NotTo(HaveOccurred())
		Expect(grouped(func(context.Context, G) error { return errBroken }).Err()).To(BeIdenticalTo(errBroken))
	})

	It("gives its tasks the values of the context, their results, and names", func() {
		var value any
		var result int
		t := spawn(l, func(ctx context.Context) error {
			return future.RunTaskGroup(context.WithValue(ctx, name{}, "x"), l, func(ctx context.Context, g G) error {
				task := future.GroupTask(g, func(ctx context.Context) (int, error) {
					value = ctx.Value(name{})
					return 7, nil
				})
				task.SetName("worker")
				var err error
				result, err = task.Await(ctx)
				return err
			})
		})
		l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(value).To(Equal("x"))
		Expect(result).To(Equal(7))
	})

	It("takes tasks from its tasks, also while it waits", func() {
		t := grouped(func(_ context.Context, g G) error {
			g.Go(func(ctx context.Context) error {
				future.FromContext(ctx).Yield(ctx)
				g.Go(func(ctx context.Context) error {
					event("second")
					return nil
				})
				return nil
			})
			return nil
		})
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(events).To(Equal([]string{"second", "group over"}))
	})

	When("a task fails", func() {
		It("cancels the others and waits for them", func() {
			t := grouped(func(_ context.Context, g G) error {
				g.Go(cleaning("a"))
				g.Go(failing(errBroken))
				g.Go(cleaning("b"))
				return nil
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(events).To(Equal([]string{"a cancelled", "b cancelled", "a cleaned", "b cleaned", "group over"}))
		})

		It("ends the waits of the body, which tell why", func() {
			var seen error
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(failing(errBroken))
				_, seen = never.Await(ctx)
				return seen
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(seen).To(MatchError(future.ErrCancelled))
			Expect(seen).To(MatchError(context.Canceled))
			Expect(seen).To(MatchError(errBroken))
			Expect(seen).To(MatchError("cancelled: the task group has failed: broken"))
			Expect(never.Cancelled()).To(BeTrue())
		})

		It("does not cancel the task that runs the group", func() {
			var own error
			t := spawn(l, func(ctx context.Context) error {
				err := future.RunTaskGroup(ctx, l, func(_ context.Context, g G) error {
					g.Go(failing(errBroken))
					return nil
				})
				own = ctx.Err()
				future.FromContext(ctx).Yield(ctx)
				event("goes on")
				return err
			})
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(own).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"goes on"}))
		})

		It("has the body's error beside, unless that only tells of the cancellation", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(failing(errBroken))
				never.Await(ctx)
				return errEnough
			})
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(t.Err()).To(MatchError(errEnough))
			t = grouped(func(ctx context.Context, g G) error {
				g.Go(failing(errBroken))
				never.Await(ctx)
				return ctx.Err() // context.Canceled
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})

		It("joins the errors of all, in the order in which they came", func() {
			f := future.New[int](l)
			t := grouped(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					f.Await(ctx)
					return errEnough
				})
				g.Go(cleaning("a"))
				g.Go(failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(MatchError(errors.Join(errBroken, errEnough).Error()))
		})

		It("counts the error as read", func() {
			t := grouped(func(_ context.Context, g G) error {
				g.Go(failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(l.tasks.Unread()).To(BeZero())
		})

		It("has a panic as a PanicError", func() {
			t := grouped(func(_ context.Context, g G) error {
				g.Go(func(context.Context) error { _, err := explode("bang"); return err })
				g.Go(forever)
				return nil
			})
			var p *future.PanicError
			Expect(errors.As(t.Err(), &p)).To(BeTrue())
			Expect(p.Value).To(Equal("bang"))
			Expect(string(p.Stack)).To(ContainSubstring("explode"))
		})

		It("takes no further tasks", func() {
			var late *future.Task[none]
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					forever(ctx)
					late = g.Go(func(context.Context) error { event("late"); return nil })
					return nil
				})
				g.Go(failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(late.Err()).To(MatchError(future.ErrInvalidState))
			Expect(events).To(Equal([]string{"group over"}))
		})

		It("swallows no error of a task that fails when the body has just ended", func() {
			f := future.New[int](l)
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					f.Await(ctx)
					return errBroken
				})
				f.Await(ctx)
				return nil
			})
			f.SetResult(1)
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})
	})

	When("its body fails", func() {
		It("cancels the tasks and waits for them", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(cleaning("a"))
				future.FromContext(ctx).Yield(ctx)
				return errBroken
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("has a panic as a PanicError, after the tasks are over", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(cleaning("a"))
				future.FromContext(ctx).Yield(ctx)
				_, err := explode("bang")
				return err
			})
			var p *future.PanicError
			Expect(errors.As(t.Err(), &p)).To(BeTrue())
			Expect(string(p.Stack)).To(ContainSubstring("explode"))
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("cancels the tasks also for a cancellation that it has from elsewhere", func() {
			other := future.New[int](l)
			other.Cancel()
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(forever)
				_, err := other.Await(ctx)
				return err
			})
			Expect(t.Cancelled()).To(BeTrue())
		})

		It("waits for the tasks when it calls runtime.Goexit", func() {
			t := spawn(l, func(ctx context.Context) error {
				defer event("group over")
				return future.RunTaskGroup(ctx, l, func(ctx context.Context, g G) error {
					g.Go(cleaning("a"))
					future.FromContext(ctx).Yield(ctx)
					runtime.Goexit()
					return nil
				})
			})
			l.start()
			_, err := t.Await(soon())
			Expect(err).To(MatchError(future.ErrGoexit))
			Eventually(l.goexited).WithTimeout(patient).Should(Equal(1))
			l.stop()
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})
	})

	When("a task is cancelled by somebody", func() {
		It("concerns nobody else", func() {
			var task *future.Task[none]
			t := grouped(func(_ context.Context, g G) error {
				task = g.Go(forever)
				g.Go(func(ctx context.Context) error {
					never.Await(ctx)
					event("other")
					return nil
				})
				return nil
			})
			task.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			never.SetResult(1)
			l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"other", "group over"}))
		})
	})

	When("the task that runs it is cancelled", func() {
		It("cancels everything, waits, and is cancelled", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(cleaning("a"))
				_, err := never.Await(ctx)
				event("body cancelled")
				return err
			})
			t.Cancel()
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
			Expect(events).To(Equal([]string{"body cancelled", "a cancelled", "a cleaned", "group over"}))
		})

		It("does so while it waits for the tasks, however often it is cancelled", func() {
			t := grouped(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					forever(ctx)
					event("a cancelled")
					never.Await(ctx)
					event("a cleaned")
					return nil
				})
				return nil
			})
			t.Cancel()
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			never.SetResult(1)
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("has errors win, and the cancellation delivered by the next wait", func() {
			var group, next error
			t := spawn(l, func(ctx context.Context) error {
				group = future.RunTaskGroup(ctx, l, func(ctx context.Context, g G) error {
					g.Go(func(ctx context.Context) error {
						forever(ctx)
						return errBroken
					})
					return nil
				})
				next = future.FromContext(ctx).Yield(ctx)
				return next
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(group).To(BeIdenticalTo(errBroken))
			Expect(next).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Cancelled()).To(BeTrue())
		})

		It("has errors win also if the body has got the cancellation", func() {
			var next error
			t := spawn(l, func(ctx context.Context) error {
				err := future.RunTaskGroup(ctx, l, func(ctx context.Context, g G) error {
					g.Go(failing(errBroken))
					_, err := never.Await(ctx)
					return err
				})
				next = future.FromContext(ctx).Yield(ctx)
				return err
			})
			l.turn()
			l.turn() // the task has failed, the group not yet ended
			t.Cancel()
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(next).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("goes on if the body survives", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					never.Await(ctx)
					event("task")
					return nil
				})
				forever(ctx)
				event("survives")
				return nil
			})
			t.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			never.SetResult(1)
			l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"survives", "task", "group over"}))
		})

		It("can be run by a survivor", func() {
			t := spawn(l, func(ctx context.Context) error {
				forever(ctx)
				return future.RunTaskGroup(ctx, l, func(ctx context.Context, g G) error {
					g.Go(func(ctx context.Context) error { _, err := never.Await(ctx); return err })
					_, err := never.Await(ctx)
					event("body")
					return err
				})
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			never.SetResult(1)
			l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"body"}))
		})
	})

	When("its context ends", func() {
		within := func(body func(ctx context.Context, g G) error) (scope *future.CancelScope, t *future.Task[none]) {
			t = spawn(l, func(ctx context.Context) error {
				scope = future.FromContext(ctx).OpenScope(ctx)
				defer scope.Close()
				return future.RunTaskGroup(scope, l, body)
			})
			l.idle()
			return scope, t
		}

		It("cancels the tasks, waits, and returns the cause", func() {
			scope, t := within(func(_ context.Context, g G) error {
				g.Go(cleaning("a"))
				return nil
			})
			scope.End(errEnough)
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned"}))
		})

		It("has the cause beside the errors", func() {
			scope, t := within(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error { forever(ctx); return errBroken })
				return nil
			})
			scope.End(errEnough)
			l.idle()
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(t.Err()).To(MatchError(errEnough))
		})

		It("returns the cause once if the body does", func() {
			scope, t := within(func(ctx context.Context, g G) error {
				g.Go(cleaning("a"))
				_, err := never.Await(ctx)
				return err
			})
			scope.End(errEnough)
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
		})

		It("does so for a context of others", func() {
			ctx, cancel := context.WithCancel(context.Background())
			t := spawn(l, func(context.Context) error {
				return future.RunTaskGroup(ctx, l, func(_ context.Context, g G) error {
					g.Go(cleaning("a"))
					return nil
				})
			})
			l.idle()
			cancel()
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(context.Canceled))
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned"}))
		})
	})

	When("it is inside another", func() {
		It("ends with that one, and passes the failure on once", func() {
			t := grouped(func(ctx context.Context, outer G) error {
				outer.Go(failing(errBroken))
				return future.RunTaskGroup(ctx, l, func(ctx context.Context, inner G) error {
					inner.Go(cleaning("a"))
					return forever(ctx)
				})
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("leaves the outer one's tasks alone when it fails and the body goes on", func() {
			t := grouped(func(ctx context.Context, outer G) error {
				outer.Go(func(ctx context.Context) error { _, err := never.Await(ctx); return err })
				err := future.RunTaskGroup(ctx, l, func(ctx context.Context, inner G) error {
					inner.Go(failing(errBroken))
					return forever(ctx)
				})
				event(err.Error())
				return nil
			})
			Expect(t.Done()).To(BeFalse())
			never.SetResult(1)
			l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"broken", "group over"}))
		})
	})

	Describe("Cancel", func() {
		It("ends the tasks and the body, and is no error", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(cleaning("a"))
				g.Go(func(context.Context) error { g.Cancel(); g.Cancel(); return nil })
				_, err := never.Await(ctx)
				event(err.Error())
				return err
			})
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(events).To(Equal([]string{"cancelled: the task group was cancelled", "a cancelled", "a cleaned", "group over"}))
		})

		It("hides no errors, and no cancellation of the task", func() {
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { forever(ctx); return errBroken })
				g.Go(func(context.Context) error { g.Cancel(); return nil })
				return forever(ctx)
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			var group G
			t = grouped(func(ctx context.Context, g G) error { group = g; return forever(ctx) })
			t.Cancel()
			group.Cancel()
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
		})
	})

	It("takes no tasks when it is over, or off the loop's goroutine", func() {
		var g G
		grouped(func(_ context.Context, group G) error { g = group; return nil })
		called := func(context.Context) error { event("called"); return nil }
		var late *future.Task[none]
		l.on(func() { late = g.Go(called) })
		Expect(late.Err()).To(MatchError(future.ErrInvalidState))
		Expect(late.Name()).NotTo(Equal("task-0"))
		Expect(g.Go(called).Err()).To(MatchError(future.ErrInvalidState))
		l.idle()
		Expect(events).To(Equal([]string{"group over"}))
		Expect(l.tasks.All()).To(BeEmpty())
		Expect(func() { g.Go(nil) }).To(PanicWith(ContainSubstring("needs a function")))
	})

	It("is run by tasks only", func() {
		body := func(context.Context, G) error { event("body"); return nil }
		Expect(future.RunTaskGroup(context.Background(), l, body)).To(MatchError(future.ErrInvalidState))
		l.on(func() {
			Expect(future.RunTaskGroup(context.Background(), l, body)).To(MatchError(future.ErrAwaitOnLoop))
		})
		Expect(func() { future.RunTaskGroup(context.Background(), l, nil) }).To(PanicWith(ContainSubstring("needs a function")))
		Expect(events).To(BeEmpty())
	})

	When("the loop is closed", func() {
		It("ends with the loop's error, and so do its tasks", func() {
			var wait error
			t := grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { wait = forever(ctx); return wait })
				return nil
			})
			l.close()
			Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
			Expect(wait).To(MatchError(future.ErrLoopClosed))
			Expect(l.complaints()).To(HaveLen(2))
		})

		It("leaves no error untold", func() {
			grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { forever(ctx); return errEnough })
				g.Go(failing(errBroken))
				g.Go(func(ctx context.Context) error { forever(ctx); forever(ctx); return errors.New("late") })
				return nil
			})
			l.close()
			complaints := errors.Join(l.complaints()...)
			Expect(complaints).To(MatchError(errBroken))
			Expect(complaints).To(MatchError(errEnough))
		})
	})
})
