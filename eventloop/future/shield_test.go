package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Shield", func() {
	var l *loop
	var inner *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		inner = future.New[int](l)
	})

	shield := func(f future.Awaitable[int]) (outer *future.Future[int]) {
		l.on(func() { outer = future.Shield(f) })
		return outer
	}

	It("ends as what it shields", func() {
		outer := shield(inner)
		inner.SetResult(1)
		l.idle()
		Expect(outer.Result()).To(Equal(1))
		failing := future.New[int](l)
		outer = shield(failing)
		failing.SetError(errBroken)
		l.idle()
		Expect(outer.Err()).To(BeIdenticalTo(errBroken))
	})

	It("is over at once if that is", func() {
		Expect(shield(future.Resolved(l, 2)).Result()).To(Equal(2))
	})

	It("is cancelled when that is", func() {
		outer := shield(inner)
		inner.Cancel()
		l.idle()
		Expect(outer.Cancelled()).To(BeTrue())
	})

	It("keeps its cancellation to itself", func() {
		outer := shield(inner)
		Expect(outer.Cancel()).To(BeTrue())
		Expect(inner.Done()).To(BeFalse())
		inner.SetResult(1)
		l.idle()
		Expect(inner.Result()).To(Equal(1))
		Expect(outer.Cancelled()).To(BeTrue())
	})

	It("lets a cancelled task stop waiting while the shielded one goes on", func() {
		saved := false
		save := future.Create(l, func(ctx context.Context) (int, error) {
			v, err := inner.Await(ctx)
			saved = err == nil
			return v, err
		})
		t := future.Create(l, func(ctx context.Context) (int, error) { return future.Shield(save).Await(ctx) })
		l.idle()
		t.Cancel()
		l.idle()
		Expect(t.Cancelled()).To(BeTrue())
		inner.SetResult(1)
		l.idle()
		Expect(saved).To(BeTrue())
	})

	It("lets the context of a wait end without consequence", func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		t := future.Create(l, func(context.Context) (int, error) { return future.Shield(inner).Await(ctx) })
		l.idle()
		cancel(errEnough)
		Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
		Expect(t.Err()).To(BeIdenticalTo(errEnough))
		Expect(inner.Done()).To(BeFalse())
	})

	It("may be called and awaited from another goroutine", func() {
		l.start()
		outer := future.Shield(inner)
		Expect(inner.Settle(1, nil)).To(Succeed())
		Expect(outer.Await(soon())).To(Equal(1))
	})

	It("fails on a closed loop", func() {
		l.close()
		Expect(future.Shield(inner).Err()).To(MatchError(future.ErrLoopClosed))
	})

	When("what it shielded fails after it was cancelled", func() {
		It("has the error of a future reported", func() {
			shield(inner).Cancel()
			inner.SetError(errBroken)
			l.idle()
			reports := l.taken()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].message).To(ContainSubstring("shield"))
			Expect(reports[0].err).To(BeIdenticalTo(errBroken))
		})

		It("has the error of a task reported if nobody reads it", func() {
			t := future.Create(l, func(ctx context.Context) (int, error) {
				inner.Await(ctx)
				return 0, errBroken
			})
			shield(t).Cancel()
			l.idle()
			inner.SetResult(1)
			l.idle()
			Expect(l.tasks.Unread()).To(Equal(1))
			l.close()
			Expect(l.complaints()).To(Equal([]error{errBroken}))
		})

		It("has nothing to report of a task whose error somebody else reads", func() {
			t := future.Create(l, func(ctx context.Context) (int, error) {
				inner.Await(ctx)
				return 0, errBroken
			})
			shield(t).Cancel()
			l.idle()
			inner.SetResult(1)
			l.idle()
			Expect(t.Err()).To(BeIdenticalTo(errBroken))
		})

		It("has nothing to report of a cancellation", func() {
			shield(inner).Cancel()
			inner.Cancel()
			l.idle()
			Expect(l.taken()).To(BeEmpty())
		})
	})
})
