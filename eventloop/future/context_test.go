package future_test

import (
	"context"
	"errors"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type name struct{}

var _ = Describe("a task's context", func() {
	var l *loop
	var never *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		never = future.New[int](l)
	})

	// suspended returns a task that waits, and its context.
	suspended := func() (*future.Task[int], context.Context) {
		var its context.Context
		t := future.Create(l, func(ctx context.Context) (int, error) {
			its = ctx
			return never.Await(ctx)
		})
		l.idle()
		return t, its
	}

	It("is the Coro, is found in derived contexts, and knows its task", func() {
		t, ctx := suspended()
		c := future.FromContext(ctx)
		Expect(c).To(BeIdenticalTo(ctx))
		Expect(c.Task()).To(BeIdenticalTo(t))
		derived, cancel := context.WithCancel(context.WithValue(ctx, name{}, "x"))
		defer cancel()
		Expect(future.FromContext(derived)).To(BeIdenticalTo(c))
		Expect(future.FromContext(context.WithoutCancel(derived))).To(BeIdenticalTo(c))
		Expect(future.FromContext(context.Background())).To(BeNil())
		t.Cancel()
		l.idle()
	})

	It("has no deadline, and is not over while the task lives", func() {
		t, ctx := suspended()
		_, ok := ctx.Deadline()
		Expect(ok).To(BeFalse())
		Expect(ctx.Err()).NotTo(HaveOccurred())
		Expect(ctx.Done()).NotTo(BeClosed())
		Expect(ctx.Value(name{})).To(BeNil())
		t.Cancel()
		l.idle()
	})

	It("has the values that CreateWith was given, but not their context's end", func() {
		values, cancel := context.WithCancel(context.WithValue(context.Background(), name{}, "x"))
		var its context.Context
		t := future.CreateWith(l, values, func(ctx context.Context) (int, error) {
			its = ctx
			return never.Await(ctx)
		})
		l.idle()
		cancel()
		Expect(its.Value(name{})).To(Equal("x"))
		Expect(its.Err()).NotTo(HaveOccurred())
		Expect(context.Cause(its)).NotTo(HaveOccurred())
		Expect(its.Done()).NotTo(BeClosed())
		Expect(its.Value(name{})).To(Equal("x"))
		t.Cancel()
		l.idle()
	})

	DescribeTable("ends, and its derived contexts before Cancel returns,",
		func(derive func(context.Context) (context.Context, context.CancelFunc)) {
			t, ctx := suspended()
			derived, cancel := derive(ctx)
			defer cancel()
			done := ctx.Done()
			t.Cancel()
			Expect(done).To(BeClosed())
			Expect(ctx.Err()).To(BeIdenticalTo(context.Canceled))
			Expect(derived.Done()).To(BeClosed())
			Expect(derived.Err()).To(BeIdenticalTo(context.Canceled))
			Expect(context.Cause(derived)).To(BeIdenticalTo(future.ErrCancelled))
			l.idle()
		},
		Entry("with WithCancel", func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }),
		Entry("with WithTimeout", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		}),
		Entry("through WithValue", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.WithValue(ctx, name{}, "x"), time.Hour)
		}),
	)

	It("costs no goroutine when contexts are derived from it", func() {
		t, ctx := suspended()
		before := runtime.NumGoroutine()
		for range 100 {
			_, cancel := context.WithTimeout(context.WithValue(ctx, name{}, 1), time.Hour)
			defer cancel()
		}
		Expect(runtime.NumGoroutine()).To(BeNumerically("<", before+100))
		t.Cancel()
		l.idle()
	})

	It("ends with its task", func() {
		t, ctx := suspended()
		derived, cancel := context.WithCancel(ctx)
		defer cancel()
		never.SetResult(1)
		l.idle()
		Expect(t.Result()).To(Equal(1))
		Expect(derived.Done()).To(BeClosed())
		Expect(ctx.Err()).To(BeIdenticalTo(context.Canceled))
	})

	It("is over after its task's end, whoever asks first then", func() {
		t, ctx := suspended()
		never.SetResult(1)
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(context.Cause(ctx)).To(BeIdenticalTo(future.ErrCancelled))
		Expect(ctx.Err()).To(BeIdenticalTo(context.Canceled))
		Expect(ctx.Done()).To(BeClosed())
	})

	When("the task survives its cancellation", func() {
		It("stays over, as every context; WithoutCancel gives a live one to derive from", func() {
			second := future.New[int](l)
			var own, derived, live error
			t := future.Create(l, func(ctx context.Context) (int, error) {
				never.Await(ctx)
				own = ctx.Err()
				timed, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				_, derived = future.New[int](l).Await(timed)
				timed, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
				defer cancel()
				_, live = second.Await(timed)
				return 4, nil
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(own).To(BeIdenticalTo(context.Canceled))
			Expect(derived).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Done()).To(BeFalse())
			second.SetResult(1)
			l.idle()
			Expect(live).NotTo(HaveOccurred())
			Expect(t.Result()).To(Equal(4))
		})

		It("goes on working for waits, also with values added", func() {
			second := future.New[int](l)
			t := future.Create(l, func(ctx context.Context) (int, error) {
				valued := context.WithValue(ctx, name{}, "x")
				never.Await(valued)
				return second.Await(valued)
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			second.SetResult(4)
			l.idle()
			Expect(t.Result()).To(Equal(4))
		})

		It("may have its wait with such a live context cancelled again", func() {
			var live error
			t := future.Create(l, func(ctx context.Context) (int, error) {
				never.Await(ctx)
				timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
				defer cancel()
				_, live = future.New[int](l).Await(timed)
				return 4, nil
			})
			l.idle()
			t.Cancel()
			l.idle()
			t.Cancel()
			l.idle()
			Expect(live).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Result()).To(Equal(4))
		})
	})

	When("helper goroutines use it while the task is cancelled and survives", func() {
		It("never shows a closed Done without an error", func() {
			l.start()
			wrong := make(chan error, 200)
			for range 100 {
				f := future.New[int](l)
				held := make(chan context.Context, 1)
				t := future.Create(l, func(ctx context.Context) (int, error) {
					held <- ctx
					f.Await(ctx)
					return 1, nil
				})
				var ctx context.Context
				Eventually(held).WithTimeout(patient).Should(Receive(&ctx))
				for range 2 {
					go func() {
						derived, cancel := context.WithTimeout(ctx, time.Hour)
						defer cancel()
						<-ctx.Done()
						if ctx.Err() == nil || context.Cause(ctx) == nil {
							wrong <- errors.New("Done is closed and there is no error")
							return
						}
						<-derived.Done()
						wrong <- nil
					}()
				}
				Expect(l.Post(func() { t.Cancel() })).To(Succeed())
				Expect(t.Await(soon())).To(Equal(1))
			}
			for range 200 {
				Eventually(wrong).WithTimeout(patient).Should(Receive(BeNil()))
			}
		})
	})
})
