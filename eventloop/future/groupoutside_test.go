package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a task group", func() {
	var x *groups

	BeforeEach(func() { x = newGroups() })

	When("the task that runs it is cancelled", func() {
		It("cancels everything, waits, and is cancelled", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(x.cleaning("a"))
				_, err := x.never.Await(ctx)
				x.event("body cancelled")
				return err
			})
			t.Cancel()
			x.l.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
			Expect(x.events).To(Equal([]string{"body cancelled", "a cancelled", "a cleaned", "group over"}))
		})

		It("does so while it waits for the tasks, however often it is cancelled", func() {
			t := x.grouped(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					x.forever(ctx)
					x.event("a cancelled")
					x.never.Await(ctx)
					x.event("a cleaned")
					return nil
				})
				return nil
			})
			t.Cancel()
			x.l.idle()
			t.Cancel()
			x.l.idle()
			Expect(t.Done()).To(BeFalse())
			x.never.SetResult(1)
			x.l.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("has errors win, and the cancellation delivered by the next wait", func() {
			var group, next error
			t := spawn(x.l, func(ctx context.Context) error {
				group = future.RunTaskGroup(ctx, x.l, func(ctx context.Context, g G) error {
					g.Go(func(ctx context.Context) error {
						x.forever(ctx)
						return errBroken
					})
					return nil
				})
				next = future.FromContext(ctx).Yield(ctx)
				return next
			})
			x.l.idle()
			t.Cancel()
			x.l.idle()
			Expect(group).To(BeIdenticalTo(errBroken))
			Expect(next).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Cancelled()).To(BeTrue())
		})

		It("has errors win also if the body has got the cancellation", func() {
			var next error
			t := spawn(x.l, func(ctx context.Context) error {
				err := future.RunTaskGroup(ctx, x.l, func(ctx context.Context, g G) error {
					g.Go(x.failing(errBroken))
					_, err := x.never.Await(ctx)
					return err
				})
				next = future.FromContext(ctx).Yield(ctx)
				return err
			})
			x.l.turn()
			x.l.turn() // the task has failed, the group not yet ended
			t.Cancel()
			x.l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(next).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("goes on if the body survives", func() {
			t := x.grouped(func(ctx context.Context, g G) error {
				g.Go(func(ctx context.Context) error {
					x.never.Await(ctx)
					x.event("task")
					return nil
				})
				x.forever(ctx)
				x.event("survives")
				return nil
			})
			t.Cancel()
			x.l.idle()
			Expect(t.Done()).To(BeFalse())
			x.never.SetResult(1)
			x.l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"survives", "task", "group over"}))
		})

		It("can be run by a survivor", func() {
			t := spawn(x.l, func(ctx context.Context) error {
				x.forever(ctx)
				return future.RunTaskGroup(ctx, x.l, func(ctx context.Context, g G) error {
					g.Go(func(ctx context.Context) error { _, err := x.never.Await(ctx); return err })
					_, err := x.never.Await(ctx)
					x.event("body")
					return err
				})
			})
			x.l.idle()
			t.Cancel()
			x.l.idle()
			Expect(t.Done()).To(BeFalse())
			x.never.SetResult(1)
			x.l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"body"}))
		})
	})

	When("its context ends", func() {
		within := func(body func(ctx context.Context, g G) error) (scope *future.CancelScope, t *future.Task[none]) {
			t = spawn(x.l, func(ctx context.Context) error {
				scope = future.FromContext(ctx).OpenScope(ctx)
				defer scope.Close()
				return future.RunTaskGroup(scope, x.l, body)
			})
			x.l.idle()
			return scope, t
		}

		It("cancels the tasks, waits, and returns the cause", func() {
			scope, t := within(func(_ context.Context, g G) error {
				g.Go(x.cleaning("a"))
				return nil
			})
			scope.End(errEnough)
			x.l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned"}))
		})

		It("has the cause beside the errors", func() {
			scope, t := within(func(_ context.Context, g G) error {
				g.Go(func(ctx context.Context) error { x.forever(ctx); return errBroken })
				return nil
			})
			scope.End(errEnough)
			x.l.idle()
			Expect(t.Err()).To(MatchError(errBroken))
			Expect(t.Err()).To(MatchError(errEnough))
		})

		It("returns the cause once if the body does", func() {
			scope, t := within(func(ctx context.Context, g G) error {
				g.Go(x.cleaning("a"))
				_, err := x.never.Await(ctx)
				return err
			})
			scope.End(errEnough)
			x.l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
		})

		It("does so for a context of others", func() {
			ctx, cancel := context.WithCancel(context.Background())
			t := spawn(x.l, func(context.Context) error {
				return future.RunTaskGroup(ctx, x.l, func(_ context.Context, g G) error {
					g.Go(x.cleaning("a"))
					return nil
				})
			})
			x.l.idle()
			cancel()
			Eventually(func() bool { x.l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(context.Canceled))
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned"}))
		})
	})

	When("it is inside another", func() {
		It("ends with that one, and passes the failure on once", func() {
			t := x.grouped(func(ctx context.Context, outer G) error {
				outer.Go(x.failing(errBroken))
				return future.RunTaskGroup(ctx, x.l, func(ctx context.Context, inner G) error {
					inner.Go(x.cleaning("a"))
					return x.forever(ctx)
				})
			})
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
			Expect(x.events).To(Equal([]string{"a cancelled", "a cleaned", "group over"}))
		})

		It("leaves the outer one's tasks alone when it fails and the body goes on", func() {
			t := x.grouped(func(ctx context.Context, outer G) error {
				outer.Go(func(ctx context.Context) error { _, err := x.never.Await(ctx); return err })
				err := future.RunTaskGroup(ctx, x.l, func(ctx context.Context, inner G) error {
					inner.Go(x.failing(errBroken))
					return x.forever(ctx)
				})
				x.event(err.Error())
				return nil
			})
			Expect(t.Done()).To(BeFalse())
			x.never.SetResult(1)
			x.l.idle()
			Expect(t.Err()).NotTo(HaveOccurred())
			Expect(x.events).To(Equal([]string{"broken", "group over"}))
		})
	})
})
