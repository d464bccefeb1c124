package future_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("the cancellation of a task", func() {
	var l *loop
	var never *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		never = future.New[int](l)
	})

	awaitNever := func(ctx context.Context) (int, error) { return never.Await(ctx) }

	It("keeps a task that has not begun from ever beginning", func() {
		began := false
		t := future.Create(l, func(context.Context) (int, error) {
			began = true
			return 1, nil
		})
		Expect(t.Cancel()).To(BeTrue())
		Expect(t.Done()).To(BeFalse())
		l.idle()
		Expect(began).To(BeFalse())
		Expect(t.Cancelled()).To(BeTrue())
		Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
	})

	It("cancels the future that the task awaits, and is delivered as ErrCancelled", func() {
		var seen error
		t := future.Create(l, func(ctx context.Context) (int, error) {
			_, seen = never.Await(ctx)
			return 0, seen
		})
		l.idle()
		Expect(t.Cancel()).To(BeTrue())
		Expect(never.Cancelled()).To(BeTrue())
		Expect(t.Done()).To(BeFalse())
		l.idle()
		Expect(seen).To(BeIdenticalTo(future.ErrCancelled))
		Expect(t.Cancelled()).To(BeTrue())
		Expect(t.Cancel()).To(BeFalse())
	})

	It("is refused by a task that is over", func() {
		t := future.Create(l, func(context.Context) (int, error) { return 1, nil })
		l.idle()
		Expect(t.Cancel()).To(BeFalse())
		Expect(t.Cancelled()).To(BeFalse())
		Expect(t.Result()).To(Equal(1))
	})

	It("waits for the next suspension of a task that cancels itself", func() {
		var t *future.Task[int]
		var seen error
		before := false
		t = future.Create(l, func(ctx context.Context) (int, error) {
			t.Cancel()
			before = true
			_, seen = never.Await(ctx)
			return 0, seen
		})
		l.idle()
		Expect(before).To(BeTrue())
		Expect(seen).To(BeIdenticalTo(future.ErrCancelled))
		Expect(never.Cancelled()).To(BeTrue())
		Expect(t.Cancelled()).To(BeTrue())
	})

	It("does not reach a wait that need not suspend", func() {
		var t *future.Task[int]
		var first, second error
		ready := future.Resolved(l, 1)
		t = future.Create(l, func(ctx context.Context) (int, error) {
			t.Cancel()
			_, first = ready.Await(ctx)
			_, second = never.Await(ctx)
			return 0, second
		})
		l.idle()
		Expect(first).NotTo(HaveOccurred())
		Expect(second).To(BeIdenticalTo(future.ErrCancelled))
	})

	It("drops the result of a task that returns without having suspended since", func() {
		var t *future.Task[int]
		t = future.Create(l, func(context.Context) (int, error) {
			t.Cancel()
			return 1, nil
		})
		l.idle()
		Expect(t.Cancelled()).To(BeTrue())
	})

	It("reaches a task whose wait has ended but which has not gone on yet", func() {
		var seen error
		t := future.Create(l, func(ctx context.Context) (int, error) {
			_, seen = never.Await(ctx)
			return 0, seen
		})
		l.idle()
		never.SetResult(1)
		Expect(t.Cancel()).To(BeTrue())
		l.idle()
		Expect(seen).To(BeIdenticalTo(future.ErrCancelled))
		Expect(never.Result()).To(Equal(1))
		Expect(t.Cancelled()).To(BeTrue())
	})

	When("the task goes on all the same", func() {
		It("is over, and later waits work with the task's context", func() {
			second := future.New[int](l)
			var seen error
			t := future.Create(l, func(ctx context.Context) (int, error) {
				_, seen = never.Await(ctx)
				return second.Await(ctx)
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(seen).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Done()).To(BeFalse())
			second.SetResult(5)
			l.idle()
			Expect(t.Result()).To(Equal(5))
			Expect(t.Cancelled()).To(BeFalse())
		})

		It("can be requested again", func() {
			second := future.New[int](l)
			var seen []error
			t := future.Create(l, func(ctx context.Context) (int, error) {
				_, err := never.Await(ctx)
				seen = append(seen, err)
				_, err = second.Await(ctx)
				seen = append(seen, err)
				return 9, nil
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Cancel()).To(BeTrue())
			Expect(second.Cancelled()).To(BeTrue())
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, future.ErrCancelled}))
			Expect(t.Result()).To(Equal(9))
		})
	})

	When("it is requested twice before it is delivered", func() {
		It("is delivered once if the second request comes while the task is suspended", func() {
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				never.Await(ctx)
				return 3, nil
			})
			outer := future.Create(l, func(ctx context.Context) (int, error) { return inner.Await(ctx) })
			l.idle()
			Expect(outer.Cancel()).To(BeTrue())
			Expect(outer.Cancel()).To(BeTrue())
			l.idle()
			Expect(inner.Cancelled()).To(BeFalse())
			Expect(outer.Result()).To(Equal(3))
		})

		It("is delivered once to a task whose wait has ended already", func() {
			second := future.New[int](l)
			var seen []error
			t := future.Create(l, func(ctx context.Context) (int, error) {
				_, err := never.Await(ctx)
				seen = append(seen, err)
				v, err := second.Await(ctx)
				seen = append(seen, err)
				return v, err
			})
			l.idle()
			never.SetResult(1)
			Expect(t.Cancel()).To(BeTrue())
			Expect(t.Cancel()).To(BeTrue())
			l.idle()
			second.SetResult(2)
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, nil}))
			Expect(t.Result()).To(Equal(2))
		})
	})

	When("the task awaits another task", func() {
		It("reaches the inner one, and the outer one goes on when that is over", func() {
			var inner *future.Task[int]
			cleaning := future.New[int](l)
			inner = future.Create(l, func(ctx context.Context) (int, error) {
				_, err := never.Await(ctx)
				cleaning.Await(ctx)
				return 0, err
			})
			outer := future.Create(l, func(ctx context.Context) (int, error) { return inner.Await(ctx) })
			l.idle()
			outer.Cancel()
			l.idle()
			Expect(never.Cancelled()).To(BeTrue())
			Expect(outer.Done()).To(BeFalse())
			cleaning.SetResult(1)
			l.idle()
			Expect(inner.Cancelled()).To(BeTrue())
			Expect(outer.Cancelled()).To(BeTrue())
		})

		It("is swallowed by an inner task that returns a value", func() {
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				never.Await(ctx)
				return 3, nil
			})
			var seen error
			outer := future.Create(l, func(ctx context.Context) (int, error) {
				var v int
				v, seen = inner.Await(ctx)
				return v, seen
			})
			l.idle()
			outer.Cancel()
			l.idle()
			Expect(seen).NotTo(HaveOccurred())
			Expect(outer.Result()).To(Equal(3))
		})

		It("ends a ring of tasks that await each other", func() {
			var a, b *future.Task[int]
			a = future.Create(l, func(ctx context.Context) (int, error) { return b.Await(ctx) })
			b = future.Create(l, func(ctx context.Context) (int, error) { return a.Await(ctx) })
			l.idle()
			Expect(a.Done() || b.Done()).To(BeFalse())
			Expect(a.Cancel()).To(BeTrue())
			l.idle()
			Expect(a.Cancelled()).To(BeTrue())
			Expect(b.Cancelled()).To(BeTrue())
		})
	})

	When("somebody else cancels the awaited future", func() {
		It("ends the task as cancelled if it passes the error on", func() {
			t := future.Create(l, awaitNever)
			l.idle()
			never.Cancel()
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
		})
	})

	DescribeTable("decides how a task ends that returns",
		func(result error, cancel, cancelled bool) {
			t := future.Create(l, func(ctx context.Context) (int, error) {
				never.Await(ctx)
				return 0, result
			})
			l.idle()
			if cancel {
				t.Cancel()
			} else {
				never.SetResult(1)
			}
			l.idle()
			Expect(t.Cancelled()).To(Equal(cancelled))
			Expect(t.Err()).To(MatchError(result))
		},
		Entry("ErrCancelled after Cancel: cancelled", future.ErrCancelled, true, true),
		Entry("an error around it: cancelled", errors.Join(errBroken, future.ErrCancelled), true, true),
		Entry("ErrCancelled without Cancel: cancelled", future.ErrCancelled, false, true),
		Entry("context.Canceled after Cancel: cancelled", context.Canceled, true, true),
		Entry("context.Canceled without Cancel: failed", context.Canceled, false, false),
		Entry("another error after Cancel: failed", errBroken, true, false),
	)
})
