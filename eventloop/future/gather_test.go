package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Gather", func() {
	var w *world
	var l *loop
	var a, b, c *future.Future[int]
	var all *future.Future[[]int]

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		a, b, c = future.New[int](l), future.New[int](l), future.New[int](l)
	})

	gather := func(fs ...future.Awaitable[int]) {
		l.on(func() { all = future.Gather(l, fs...) })
	}

	It("has the results in the order of its arguments, whatever the order in which they come", func() {
		gather(a, b, c)
		c.SetResult(3)
		l.idle()
		a.SetResult(1)
		l.idle()
		Expect(all.Done()).To(BeFalse())
		b.SetResult(2)
		l.idle()
		Expect(all.Result()).To(Equal([]int{1, 2, 3}))
		Expect(all.Cancel()).To(BeFalse())
	})

	It("takes tasks and futures, and those that are over", func() {
		t := future.Create(l, func(ctx context.Context) (int, error) { return a.Await(ctx) })
		b.SetResult(2)
		gather(t, b)
		l.idle()
		a.SetResult(1)
		l.idle()
		Expect(all.Result()).To(Equal([]int{1, 2}))
	})

	It("has no results at once if there is nothing to gather", func() {
		gather()
		Expect(all.Result()).To(BeEmpty())
		Expect(all.Result()).NotTo(BeNil())
	})

	It("has the result of one that is given twice in both places", func() {
		gather(a, b, a)
		a.SetResult(1)
		l.idle()
		Expect(all.Done()).To(BeFalse())
		b.SetResult(2)
		l.idle()
		Expect(all.Result()).To(Equal([]int{1, 2, 1}))
		Expect(a.Waiters()).To(BeZero())
	})

	It("fails with the first error at once, and the others go on", func() {
		gather(a, b, c)
		b.SetError(errBroken)
		l.idle()
		Expect(all.Err()).To(BeIdenticalTo(errBroken))
		Expect(a.Done()).To(BeFalse())
		a.SetResult(1)
		c.SetError(errEnough)
		l.idle()
		Expect(all.Err()).To(BeIdenticalTo(errBroken))
	})

	It("fails with ErrCancelled when one is cancelled by somebody else, and is not cancelled itself", func() {
		gather(a, b)
		a.Cancel()
		l.idle()
		Expect(all.Err()).To(MatchError(future.ErrCancelled))
		Expect(all.Cancelled()).To(BeFalse())
		Expect(b.Done()).To(BeFalse())
	})

	It("reads the error that it has, and leaves later ones to be reported", func() {
		failing := func(err error) *future.Task[int] {
			return future.Create(l, func(context.Context) (int, error) { return 0, err })
		}
		gather(failing(errBroken), failing(errEnough))
		l.idle()
		Expect(all.Err()).To(BeIdenticalTo(errBroken))
		l.close()
		Expect(l.complaints()).To(Equal([]error{errEnough}))
	})

	It("refuses futures of another loop", func() {
		gather(a, future.New[int](w.newLoop()))
		Expect(all.Err()).To(MatchError(future.ErrInvalidState))
		Expect(a.Waiters()).To(BeZero())
	})

	It("fails on a closed loop", func() {
		l.close()
		all = future.Gather[int](l, a)
		Expect(all.Err()).To(MatchError(future.ErrLoopClosed))
	})

	It("may be called and awaited from another goroutine", func() {
		l.start()
		all := future.Gather[int](l, a, b)
		Expect(a.Settle(1, nil)).To(Succeed())
		Expect(b.Settle(2, nil)).To(Succeed())
		Expect(all.Await(soon())).To(Equal([]int{1, 2}))
	})

	When("it is cancelled", func() {
		It("cancels all that are not over, and is over with them", func() {
			gather(a, b)
			a.SetResult(1)
			l.idle()
			Expect(all.Cancel()).To(BeTrue())
			Expect(b.Cancelled()).To(BeTrue())
			l.idle()
			Expect(all.Cancelled()).To(BeTrue())
			Expect(all.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("waits for tasks that clean up, and for survivors", func() {
			survivor := future.Create(l, func(ctx context.Context) (int, error) {
				a.Await(ctx)
				return b.Await(ctx)
			})
			gather(survivor, c)
			l.idle()
			all.Cancel()
			l.idle()
			Expect(c.Cancelled()).To(BeTrue())
			Expect(all.Done()).To(BeFalse())
			b.SetResult(2)
			l.idle()
			Expect(survivor.Result()).To(Equal(2))
			Expect(all.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("has the error of a task that fails in consequence", func() {
			task := future.Create(l, func(ctx context.Context) (int, error) {
				a.Await(ctx)
				return 0, errBroken
			})
			gather(b, task)
			l.idle()
			all.Cancel()
			l.idle()
			Expect(all.Err()).To(BeIdenticalTo(errBroken))
		})

		It("cancels again when asked again", func() {
			times := 0
			task := future.Create(l, func(ctx context.Context) (int, error) {
				for range 2 {
					if future.FromContext(ctx).Suspend(ctx) != nil {
						times++
					}
				}
				return 1, nil
			})
			gather(task)
			l.idle()
			all.Cancel()
			l.idle()
			Expect(times).To(Equal(1))
			Expect(all.Cancel()).To(BeTrue())
			l.idle()
			Expect(times).To(Equal(2))
			Expect(all.Cancelled()).To(BeTrue())
		})

		It("cancels one that is given twice once", func() {
			survivor := future.Create(l, func(ctx context.Context) (int, error) {
				a.Await(ctx)
				return b.Await(ctx)
			})
			gather(survivor, survivor)
			l.idle()
			all.Cancel()
			l.idle()
			b.SetResult(2)
			l.idle()
			Expect(survivor.Result()).To(Equal(2))
		})

		It("is over at once if all its parts are already", func() {
			gather(a)
			a.SetResult(1)
			Expect(all.Cancel()).To(BeTrue())
			Expect(all.Cancelled()).To(BeTrue())
			l.idle()
			Expect(all.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("does not call OnCancel's function, which would take its work away", func() {
			gather(a)
			called := false
			all.OnCancel(func() { called = true })
			all.Cancel()
			l.idle()
			Expect(called).To(BeFalse())
			Expect(all.Cancelled()).To(BeTrue())
		})

		It("passes the cancellation of the task that awaits it on", func() {
			gather(a, b)
			t := future.Create(l, func(ctx context.Context) ([]int, error) { return all.Await(ctx) })
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(a.Cancelled()).To(BeTrue())
			Expect(b.Cancelled()).To(BeTrue())
		})

		It("is asked by the end of the context that it is awaited with", func() {
			gather(a, b)
			ctx, cancel := context.WithCancelCause(context.Background())
			t := future.Create(l, func(context.Context) ([]int, error) { return all.Await(ctx) })
			l.idle()
			cancel(errEnough)
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			Expect(a.Cancelled()).To(BeTrue())
		})

		It("ends a task that awaits itself through it", func() {
			var t *future.Task[int]
			t = future.Create(l, func(ctx context.Context) (int, error) {
				_, err := future.Gather[int](l, t).Await(ctx)
				return 0, err
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Cancelled()).To(BeTrue())
		})
	})
})

var _ = Describe("GatherSettled", func() {
	var l *loop
	var a, b *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		a, b = future.New[int](l), future.New[int](l)
	})

	It("waits for all and has their errors as results", func() {
		c := future.Resolved(l, 3)
		all := future.GatherSettled[int](l, a, b, c, a)
		l.idle()
		a.SetError(errBroken)
		l.idle()
		Expect(all.Done()).To(BeFalse())
		b.Cancel()
		l.idle()
		Expect(all.Result()).To(Equal([]future.Outcome[int]{
			{Err: errBroken}, {Err: future.ErrCancelled}, {Value: 3}, {Err: errBroken},
		}))
	})

	It("has no results at once if there is nothing to gather", func() {
		Expect(future.GatherSettled[int](l).Result()).To(BeEmpty())
	})

	It("ends as cancelled when it is cancelled, with nobody's error lost", func() {
		t := future.Create(l, func(ctx context.Context) (int, error) {
			a.Await(ctx)
			return 0, errBroken
		})
		all := future.GatherSettled[int](l, t, b)
		l.idle()
		all.Cancel()
		l.idle()
		Expect(all.Cancelled()).To(BeTrue())
		Expect(b.Cancelled()).To(BeTrue())
		l.close()
		Expect(l.complaints()).To(Equal([]error{errBroken}))
	})
})
