package future_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var errEnough = errors.New("enough")

var _ = Describe("Await", func() {
	var w *world
	var l *loop
	var f *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		f = future.New[int](l)
	})

	It("panics without a context, even if the result is there", func() {
		f.SetResult(1)
		var none context.Context
		Expect(func() { f.Await(none) }).To(PanicWith(ContainSubstring("needs a context")))
	})

	It("prefers a result that is there to an expired context", func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		f.SetResult(1)
		Expect(f.Await(ctx)).To(Equal(1))
		t := future.Create(l, func(context.Context) (int, error) { return f.Await(ctx) })
		l.idle()
		Expect(t.Result()).To(Equal(1))
	})

	When("called on a loop's goroutine outside a task", func() {
		It("returns a result that is there", func() {
			f.SetResult(1)
			l.on(func() { Expect(f.Await(soon())).To(Equal(1)) })
		})

		It("returns ErrAwaitOnLoop instead of blocking the loop", func() {
			var err error
			l.on(func() { _, err = f.Await(context.Background()) })
			Expect(err).To(MatchError(future.ErrAwaitOnLoop))
			Expect(f.Done()).To(BeFalse())
		})

		It("does so for the future of another loop", func() {
			var err error
			w.newLoop().on(func() { _, err = f.Await(context.Background()) })
			Expect(err).To(MatchError(future.ErrAwaitOnLoop))
		})
	})

	When("called in a task", func() {
		It("suspends the task whatever context it is given", func() {
			t := future.Create(l, func(context.Context) (int, error) { return f.Await(context.Background()) })
			l.idle()
			Expect(t.Done()).To(BeFalse())
			f.SetResult(1)
			l.idle()
			Expect(t.Result()).To(Equal(1))
		})

		It("cancels the future and returns the cause when the context ends first", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			t := future.Create(l, func(context.Context) (int, error) { return f.Await(ctx) })
			l.idle()
			cancel(errEnough)
			Eventually(l.turn).WithTimeout(patient).Should(BeNumerically(">", 0))
			Expect(f.Cancelled()).To(BeTrue())
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			Expect(t.Cancelled()).To(BeFalse())
		})

		It("does so at once when the context is over before", func() {
			t := future.Create(l, func(ctx context.Context) (int, error) {
				timed, cancel := context.WithTimeout(ctx, -1)
				defer cancel()
				return f.Await(timed)
			})
			Expect(l.turn()).To(Equal(1))
			Expect(f.Cancelled()).To(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(context.DeadlineExceeded))
		})

		It("ends with a time-out derived from the task's own context", func() {
			l.start()
			t := future.Create(l, func(ctx context.Context) (int, error) {
				timed, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				return f.Await(timed)
			})
			_, err := t.Await(soon())
			Expect(err).To(MatchError(context.DeadlineExceeded))
			Expect(f.Cancelled()).To(BeTrue())
		})

		It("tells the task's cancellation from its context's end, though one ends the other", func() {
			t := future.Create(l, func(ctx context.Context) (int, error) {
				timed, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				return f.Await(timed)
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Cancelled()).To(BeTrue())
		})

		It("returns the result if the context ends after it, before the task goes on", func() {
			ctx, cancel := context.WithCancel(context.Background())
			second := future.New[int](l)
			t := future.Create(l, func(own context.Context) (int, error) {
				v, err := f.Await(ctx)
				if err != nil {
					return 0, err
				}
				w, err := second.Await(own)
				return v + w, err
			})
			l.idle()
			f.SetResult(1)
			cancel()
			Eventually(l.queued).WithTimeout(patient).Should(Equal(2))
			l.idle()
			Expect(second.Done()).To(BeFalse(), "the old news has ended the next wait")
			second.SetResult(2)
			l.idle()
			Expect(t.Result()).To(Equal(3))
		})

		It("leaves nothing on a context that outlives the wait", func() {
			ctx, cancel := context.WithCancel(context.Background())
			second := future.New[int](l)
			t := future.Create(l, func(context.Context) (int, error) {
				if v, err := f.Await(ctx); err != nil {
					return v, err
				}
				return second.Await(context.Background())
			})
			l.idle()
			f.SetResult(1)
			l.idle()
			cancel()
			Consistently(l.turn).WithTimeout(20 * time.Millisecond).Should(BeZero())
			second.SetResult(2)
			l.idle()
			Expect(t.Result()).To(Equal(2))
		})

		It("takes another task's context as a stranger's", func() {
			var others context.Context
			other := future.Create(l, func(ctx context.Context) (int, error) {
				others = ctx
				return future.New[int](l).Await(ctx)
			})
			l.idle()
			t := future.Create(l, func(context.Context) (int, error) { return f.Await(others) })
			l.idle()
			other.Cancel()
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(other.Cancelled()).To(BeTrue())
			Expect(f.Cancelled()).To(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})
	})

	When("a task awaits a task and the context ends", func() {
		// outer awaits inner with a time-out that is over already or comes.
		outer := func(inner *future.Task[int], after time.Duration) *future.Task[int] {
			return future.Create(l, func(ctx context.Context) (int, error) {
				timed, cancel := context.WithTimeout(ctx, after)
				defer cancel()
				return inner.Await(timed)
			})
		}

		DescribeTable("requests the inner one's cancellation and waits for its end",
			func(after time.Duration) {
				cleaning := future.New[int](l)
				inner := future.Create(l, func(ctx context.Context) (int, error) {
					_, err := f.Await(ctx)
					cleaning.Await(ctx)
					return 0, err
				})
				t := outer(inner, after)
				Eventually(func() bool { l.idle(); return f.Cancelled() }).WithTimeout(patient).Should(BeTrue())
				l.idle()
				Expect(t.Done()).To(BeFalse())
				cleaning.SetResult(1)
				l.idle()
				Expect(inner.Cancelled()).To(BeTrue())
				Expect(t.Err()).To(BeIdenticalTo(context.DeadlineExceeded))
			},
			Entry("when it ends during the wait", time.Millisecond),
			Entry("when it is over before", time.Duration(-1)),
		)

		It("requests it once if the context ends because the outer task was cancelled", func() {
			second := future.New[int](l)
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				f.Await(ctx)
				return second.Await(ctx)
			})
			t := outer(inner, time.Hour)
			l.idle()
			t.Cancel()
			Eventually(l.queued).WithTimeout(patient).Should(Equal(2))
			l.idle()
			Expect(second.Done()).To(BeFalse())
			second.SetResult(6)
			l.idle()
			Expect(t.Result()).To(Equal(6))
		})

		It("is outranked by a cancellation of the outer task that comes during the wait", func() {
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				f.Await(ctx)
				return future.New[int](l).Await(ctx)
			})
			t := outer(inner, -1)
			l.idle()
			Expect(f.Cancelled()).To(BeTrue())
			Expect(t.Done()).To(BeFalse())
			t.Cancel()
			l.idle()
			Expect(inner.Cancelled()).To(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})

		It("returns the value of an inner task that survives", func() {
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				f.Await(ctx)
				return 3, nil
			})
			t := outer(inner, time.Millisecond)
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Result()).To(Equal(3))
		})

		It("returns the error of an inner task that fails", func() {
			inner := future.Create(l, func(ctx context.Context) (int, error) {
				f.Await(ctx)
				return 0, errBroken
			})
			t := outer(inner, time.Millisecond)
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})

		It("returns the cause even where the inner task is the waiter's own waiter", func() {
			var a, b *future.Task[int]
			a = future.Create(l, func(ctx context.Context) (int, error) { return b.Await(ctx) })
			b = outer(a, time.Millisecond)
			Eventually(func() bool { l.idle(); return a.Done() && b.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(b.Err()).To(BeIdenticalTo(context.DeadlineExceeded))
			Expect(errors.Is(a.Err(), future.ErrCancelled) || errors.Is(a.Err(), context.DeadlineExceeded)).To(BeTrue())
		})
	})
})

var _ = Describe("Await on a goroutine beside the loop", func() {
	var l *loop
	var f *future.Future[int]
	var results chan outcome[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		f = future.New[int](l)
		results = make(chan outcome[int], 10)
	})

	await := func(ctx context.Context) {
		go func() { results <- got(f.Await(ctx)) }()
	}

	It("blocks until the result is set", func() {
		l.start()
		await(context.Background())
		Consistently(results).WithTimeout(5 * time.Millisecond).ShouldNot(Receive())
		Expect(f.Settle(7, nil)).To(Succeed())
		Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{7, nil})))
	})

	It("wakes all who wait", func() {
		l.start()
		for range 10 {
			await(context.Background())
		}
		Expect(f.Settle(7, nil)).To(Succeed())
		for range 10 {
			Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{7, nil})))
		}
	})

	It("has the future cancelled and returns the cause when the context ends", func() {
		l.start()
		ctx, cancel := context.WithCancelCause(context.Background())
		await(ctx)
		cancel(errEnough)
		Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{0, errEnough})))
		Eventually(f.Cancelled).WithTimeout(patient).Should(BeTrue())
	})

	It("does so when the context is over before", func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errEnough)
		Expect(got(f.Await(ctx))).To(Equal(outcome[int]{0, errEnough}))
		Expect(f.Done()).To(BeFalse())
		l.idle()
		Expect(f.Cancelled()).To(BeTrue())
	})

	It("does not wait for a task that takes its time to end", func() {
		l.start()
		cleaning := future.New[int](l)
		t := future.Create(l, func(ctx context.Context) (int, error) {
			f.Await(ctx)
			return cleaning.Await(ctx)
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, err := t.Await(ctx)
		Expect(err).To(MatchError(context.DeadlineExceeded))
		Eventually(f.Cancelled).WithTimeout(patient).Should(BeTrue())
		Expect(t.Done()).To(BeFalse())
		Expect(cleaning.Settle(5, nil)).To(Succeed())
		Expect(t.Await(soon())).To(Equal(5))
	})

	It("blocks only itself when it holds a task's context", func() {
		l.start()
		other := future.New[int](l)
		t := future.Create(l, func(ctx context.Context) (int, error) {
			await(ctx)
			return other.Await(ctx)
		})
		Expect(other.Settle(2, nil)).To(Succeed())
		// The task's end ends its context, and with it the helper's wait.
		Expect(t.Await(soon())).To(Equal(2))
		Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{0, future.ErrCancelled})))
	})

	It("sees a result that was set before the loop got to its registration", func() {
		await(context.Background())
		Eventually(l.queued).WithTimeout(patient).Should(Equal(1))
		f.SetResult(3)
		l.idle()
		Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{3, nil})))
	})

	When("the loop is closed", func() {
		It("returns ErrLoopClosed to those who wait", func() {
			l.start()
			await(context.Background())
			Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
			l.close()
			Eventually(results).WithTimeout(patient).Should(Receive(Equal(outcome[int]{0, future.ErrLoopClosed})))
		})

		It("returns ErrLoopClosed to those who come later", func() {
			l.close()
			Expect(got(f.Await(soon()))).To(Equal(outcome[int]{0, future.ErrLoopClosed}))
		})

		It("returns a result that is there", func() {
			f.SetResult(1)
			l.close()
			Expect(f.Await(soon())).To(Equal(1))
		})
	})
})
