package future_test

import (
	"context"
	"errors"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type G = *future.TaskGroup

// groups is a loop for task groups, and what happened in them.
type groups struct {
	l      *loop
	never  *future.Future[int]
	events []string
}

func newGroups() *groups {
	noLeaks()
	l := new(world).newLoop()
	return &groups{l: l, never: future.New[int](l)}
}

func (x *groups) event(name string) { x.events = append(x.events, name) }

// grouped runs a task that runs a group, as far as it goes.
func (x *groups) grouped(body func(ctx context.Context, g G) error) *future.Task[none] {
	t := spawn(x.l, func(ctx context.Context) error {
		defer x.event("group over")
		return future.RunTaskGroup(ctx, x.l, body)
	})
	x.l.idle()
	return t
}

// forever waits until it is cancelled.
func (x *groups) forever(ctx context.Context) error {
	_, err := future.New[none](x.l).Await(ctx)
	return err
}

func (x *groups) failing(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// cleaning is forever, and needs a turn for its end.
func (x *groups) cleaning(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		err := x.forever(ctx)
		x.event(name + " cancelled")
		future.FromContext(ctx).Yield(ctx)
		x.event(name + " cleaned")
		return err
	}
}

var _ = Describe("a task group", func() {
	var x *groups

	BeforeEach(func() { x = newGroups() })

	It("is over when its tasks are", func() {
		f := future.New[int](x.l)
		var sum int
		t := x.grouped(func(ctx context.Context, g G) error {
			for range 2 {
				future.GroupTask(g, func(ctx context.Context) (int, error) {
					v, err := f.Await(ctx)
					sum += v
					return v, err
				})
			}
			x.event("body over")
			return nil
		})
		Expect(x.events).To(Equal([]string{"body over"}))
		f.SetResult(3)
		x.l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(sum).To(Equal(6))
		Expect(x.events).To(Equal([]string{"body over", "group over"}))
	})

	It("needs no tasks", func() {
		Expect(x.grouped(func(context.Context, G) error { return nil }).Err()).NotTo(HaveOccurred())
		Expect(x.grouped(func(context.Context, G) error { return errBroken }).Err()).To(BeIdenticalTo(errBroken))
	})

	It("gives its tasks the values of the context, their results, and names", func() {
		var value any
		var result int
		t := spawn(x.l, func(ctx context.Context) error {
			return future.RunTaskGroup(context.WithValue(ctx, name{}, "x"), x.l, func(ctx context.Context, g G) error {
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
		x.l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(value).To(Equal("x"))
		Expect(result).To(Equal(7))
	})

	It("takes tasks from its tasks, also while it waits", func() {
		t := x.grouped(func(_ context.Context, g G) error {
			g.Go(func(ctx context.Context) error {
				future.FromContext(ctx).Yield(ctx)
				g.Go(func(ctx context.Context) error {
					x.event("second")
					return nil
				})
				return nil
			})
			return nil
		})
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(x.events).To(Equal([]string{"second", "group over"}))
	})

	When("a task fails", func() {
		It("cancels the others and waits for them", func() {
			t := x.grouped(func(_ context.Context, g G) error {
				g.Go(x.cleaning("a"))
				g.Go(x.failing(errBroken))
				g.Go(x.cleaning("b"))
				return nil
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(x.events).To(Equal([]string{"a cancelled", "b cancelled", "a cleaned", "b cleaned", "group over"}))
		})

		It("ends the waits of the body, which tell why", func() {
			var seen error
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.failing(errBroken))
				_, seen = x.never.Await(ctx)
				return seen
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(seen).To(MatchError(future.ErrCancelled))
			Expect(seen).To(MatchError(context.Canceled))
			Expect(seen).To(MatchError(errBroken))
			Expect(seen).To(MatchError("cancelled: the task group has failed: broken"))
			Expect(x.never.Cancelled()).To(BeTrue())
		})

		It("does not cancel the task that runs the group", func() {
			var own error
			t := spawn(x.l, func(ctx context.Context) error {
				err := future.RunTaskGroup(ctx, x.l, func(_ context.Context, g G) error {
					g.Go(x.failing(errBroken))
					return nil
				})
				own = ctx.Err()
				future.FromContext(ctx).Yield(ctx)
				x.event("goes on")
				return err
			})
			x.l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(own).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"goes on"}))
		})

		It("has the body's error beside, unless that only tells of the cancellation", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.failing(errBroken))
				x.never.Await(ctx)
				return errEnough
			})
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(t.Err()).To(MatchError(errEnough))
			t = x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.failing(errBroken))
				x.never.Await(ctx)
				return ctx.Err() // context.Canceled
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})

		It("joins the errors of all, in the order in which they came", func() {
			f := future.New[int](x.l)
			t := x.grouped(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					f.Await(ctx)
					return errEnough
				})
				g.Go(x.cleaning("a"))
				g.Go(x.failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(MatchError(errors.Join(errBroken, errEnough).Error()))
		})

		It("counts the error as read", func() {
			t := x.grouped(func(_ context.Context, g G) error {
				g.Go(x.failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(x.l.tasks.Unread()).To(BeZero())
		})

		It("has a panic as a PanicError", func() {
			t := x.grouped(func(_ context.Context, g G) error {
				g.Go(func(context.Context) error { _, err := explode("bang"); return err })
				g.Go(x.forever)
				return nil
			})
			var p *future.PanicError
			Expect(errors.As(t.Err(), &p)).To(BeTrue())
			Expect(p.Value).To(Equal("bang"))
			Expect(string(p.Stack)).To(ContainSubstring("explode"))
		})

		It("takes no further tasks", func() {
			var late *future.Task[none]
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					x.forever(ctx)
					late = g.Go(func(context.Context) error { x.event("late"); return nil })
					return nil
				})
				g.Go(x.failing(errBroken))
				return nil
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(late.Err()).To(MatchError(future.ErrInvalidState))
			Expect(x.events).To(Equal([]string{"group over"}))
			t = x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.failing(errBroken))
				g.Go(func(context.Context) error { // before it is cancelled
					late = g.Go(func(context.Context) error { x.event("late"); return nil })
					return nil
				})
				return nil
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(late.Err()).To(MatchError(future.ErrInvalidState))
		})

		It("swallows no error of a task that fails when the body has just ended", func() {
			f := future.New[int](x.l)
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					f.Await(ctx)
					return errBroken
				})
				f.Await(ctx)
				return nil
			})
			f.SetResult(1)
			x.l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})
	})

	When("its body fails", func() {
		It("cancels the tasks and waits for them", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.cleaning("a"))
				future.FromContext(ctx).Yield(ctx)
				return errBroken
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("has a panic as a PanicError, after the tasks are over", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.cleaning("a"))
				future.FromContext(ctx).Yield(ctx)
				_, err := explode("bang")
				return err
			})
			var p *future.PanicError
			Expect(errors.As(t.Err(), &p)).To(BeTrue())
			Expect(string(p.Stack)).To(ContainSubstring("explode"))
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("cancels the tasks also for a cancellation that it has from elsewhere", func() {
			other := future.New[int](x.l)
			other.Cancel()
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.forever)
				_, err := other.Await(ctx)
				return err
			})
			Expect(t.Cancelled()).To(BeTrue())
		})

		It("waits for the tasks when it calls runtime.Goexit", func() {
			t := spawn(x.l, func(ctx context.Context) error {
				defer x.event("group over")
				return future.RunTaskGroup(ctx, x.l, func(ctx context.Context, g G) error {
					g.Go(x.cleaning("a"))
					future.FromContext(ctx).Yield(ctx)
					runtime.Goexit()
					return nil
				})
			})
			x.l.start()
			_, err := t.Await(soon())
			Expect(err).To(MatchError(future.ErrGoexit))
			Eventually(x.l.goexited).WithTimeout(patient).Should(Equal(1))
			x.l.stop()
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})
	})

	When("a task is cancelled by somebody", func() {
		It("concerns nobody else", func() {
			var task *future.Task[none]
			t := x.grouped(func(_ context.Context, g G) error {
				task = g.Go(x.forever)
				g.Go(func(ctx context.Context) error {
					x.never.Await(ctx)
					x.event("other")
					return nil
				})
				return nil
			})
			task.Cancel()
			x.l.idle()
			Expect(t.Done()).To(BeFalse())
			x.never.SetResult(1)
			x.l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"other", "group over"}))
		})
	})

	Describe("Cancel", func() {
		It("ends the tasks and the body, and is no error", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.cleaning("a"))
				g.Go(func(context.Context) error { g.Cancel(); g.Cancel(); return nil })
				_, err := x.never.Await(ctx)
				x.event(err.Error())
				return err
			})
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"cancelled: the task group was cancelled", "a cancelled", "a cleaned", "group over"}))
		})

		It("hides no errors, and no cancellation of the task", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { x.forever(ctx); return errBroken })
				g.Go(func(context.Context) error { g.Cancel(); return nil })
				return x.forever(ctx)
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			var group G
			t = x.grouped(func(ctx context.Context, g G) error { group = g; return x.forever(ctx) })
			t.Cancel()
			group.Cancel()
			x.l.idle()
			Expect(t.Cancelled()).To(BeTrue())
		})
	})

	It("takes no tasks when it is over, or off the loop's goroutine", func() {
		var g G
		x.grouped(func(_ context.Context, group G) error { g = group; return nil })
		called := func(context.Context) error { x.event("called"); return nil }
		var late *future.Task[none]
		x.l.on(func() { late = g.Go(called) })
		Expect(late.Err()).To(MatchError(future.ErrInvalidState))
		Expect(late.Name()).NotTo(Equal("task-0"))
		Expect(g.Go(called).Err()).To(MatchError(future.ErrInvalidState))
		x.l.idle()
		Expect(x.events).To(Equal([]string{"group over"}))
		Expect(x.l.tasks.All()).To(BeEmpty())
		Expect(func() { g.Go(nil) }).To(PanicWith(ContainSubstring("needs a function")))
	})

	It("is run by tasks only", func() {
		body := func(context.Context, G) error { x.event("body"); return nil }
		Expect(future.RunTaskGroup(context.Background(), x.l, body)).To(MatchError(future.ErrInvalidState))
		x.l.on(func() {
			Expect(future.RunTaskGroup(context.Background(), x.l, body)).To(MatchError(future.ErrAwaitOnLoop))
		})
		Expect(func() { future.RunTaskGroup(context.Background(), x.l, nil) }).To(PanicWith(ContainSubstring("needs a function")))
		Expect(x.events).To(BeEmpty())
	})

	When("the loop is closed", func() {
		It("ends with the loop's error, and so do its tasks", func() {
			var wait error
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { wait = x.forever(ctx); return wait })
				return nil
			})
			x.l.close()
			Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
			Expect(wait).To(MatchError(future.ErrLoopClosed))
			Expect(x.l.complaints()).To(HaveLen(2))
		})

		It("leaves no error untold", func() {
			errLate := errors.New("late")
			x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error { x.forever(ctx); return errEnough })
				g.Go(x.failing(errBroken))
				g.Go(func(ctx context.Context) error { x.forever(ctx); x.forever(ctx); return errLate })
				return nil
			})
			x.l.close()
			complaints := errors.Join(x.l.complaints()...)
			Expect(complaints).To(MatchError(errBroken))
			Expect(complaints).To(MatchError(errEnough))
			Expect(complaints).To(MatchError(errLate))
		})
	})
})
