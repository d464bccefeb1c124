package future_test

import (
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a barrier", func() {
	var l *loop
	var b *future.Barrier

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		b = future.NewBarrier(l, 3)
	})

	party := func() *future.Task[int] {
		t := future.Create(l, func(ctx context.Context) (int, error) { return b.Wait(ctx) })
		l.idle()
		return t
	}

	It("lets its parties go when all are there, each with an index of its own", func() {
		a, c := party(), party()
		Expect(b.Waiting()).To(Equal(2))
		Expect(a.Done()).To(BeFalse())
		d := party()
		Expect([]any{got(a.Result()), got(c.Result()), got(d.Result())}).To(Equal([]any{
			outcome[int]{0, nil}, outcome[int]{1, nil}, outcome[int]{2, nil},
		}))
		Expect(b.Waiting()).To(BeZero())
	})

	It("begins anew", func() {
		for range 3 {
			a, c, d := party(), party(), party()
			Expect(a.Result()).To(Equal(0))
			Expect(c.Result()).To(Equal(1))
			Expect(d.Result()).To(Equal(2))
		}
		Expect(b.Parties()).To(Equal(3))
	})

	It("holds nobody back if it is for one", func() {
		b = future.NewBarrier(l, 1)
		t := future.Create(l, func(ctx context.Context) (int, error) { return b.Wait(ctx) })
		Expect(l.turn()).To(Equal(1))
		Expect(t.Result()).To(Equal(0))
		Expect(func() { future.NewBarrier(l, 0) }).To(Panic())
	})

	It("goes on waiting when one is cancelled, which is not counted any more", func() {
		a, c := party(), party()
		a.Cancel()
		Expect(b.Waiting()).To(Equal(1))
		d := future.Create(l, func(ctx context.Context) (int, error) { return b.Wait(ctx) })
		l.idle()
		Expect(a.Cancelled()).To(BeTrue())
		Expect(c.Done() || d.Done()).To(BeFalse())
		e := party()
		Expect(c.Result()).To(Equal(0))
		Expect(d.Result()).To(Equal(1))
		Expect(e.Result()).To(Equal(2))
	})

	It("has counted one that is cancelled after it opened", func() {
		a, c := party(), party()
		d := future.Create(l, func(ctx context.Context) (int, error) {
			defer a.Cancel()
			return b.Wait(ctx)
		})
		l.idle()
		Expect(a.Cancelled()).To(BeTrue())
		Expect(c.Result()).To(Equal(1))
		Expect(d.Result()).To(Equal(2))
	})

	It("is broken by Abort until Reset", func() {
		a := party()
		b.Abort()
		l.idle()
		Expect(a.Err()).To(MatchError(future.ErrBarrierBroken))
		Expect(b.Broken()).To(BeTrue())
		Expect(party().Err()).To(MatchError(future.ErrBarrierBroken))
		b.Reset()
		Expect(b.Broken()).To(BeFalse())
		a, c, d := party(), party(), party()
		Expect(a.Err()).NotTo(HaveOccurred())
		Expect(c.Err()).NotTo(HaveOccurred())
		Expect(d.Err()).NotTo(HaveOccurred())
	})

	It("sends those who wait away by Reset, and holds the next", func() {
		a := party()
		b.Reset()
		l.idle()
		Expect(a.Err()).To(MatchError(future.ErrBarrierBroken))
		next := party()
		Expect(next.Done()).To(BeFalse())
		b.Abort()
		l.idle()
		Expect(next.Err()).To(MatchError(future.ErrBarrierBroken))
	})

	It("is refused where a wait would block the loop, unless it is the last", func() {
		var early, last error
		l.on(func() { _, early = b.Wait(context.Background()) })
		party()
		party()
		l.on(func() { _, last = b.Wait(context.Background()) })
		l.idle()
		Expect(early).To(MatchError(future.ErrAwaitOnLoop))
		Expect(last).NotTo(HaveOccurred())
	})

	It("serves goroutines beside the loop together with tasks", func() {
		l.start()
		t := future.Create(l, func(ctx context.Context) (int, error) { return b.Wait(ctx) })
		indexes := make(chan int, 3)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if i, err := b.Wait(soon()); err == nil {
					indexes <- i
				}
			})
		}
		both.Wait()
		i, err := t.Await(soon())
		Expect(err).NotTo(HaveOccurred())
		indexes <- i
		Expect([]int{<-indexes, <-indexes, <-indexes}).To(ConsistOf(0, 1, 2))
		Expect(l.Post(b.Abort)).To(Succeed())
		_, err = b.Wait(soon())
		Expect(err).To(MatchError(future.ErrBarrierBroken))
	})

	It("does not count a goroutine that has left, even if the loop has not heard of it", func() {
		b = future.NewBarrier(l, 2)
		ctx, cancel := context.WithCancelCause(soon())
		result := make(chan error, 1)
		go func() { _, err := b.Wait(ctx); result <- err }()
		Eventually(func() int { l.idle(); return b.Waiting() }).WithTimeout(patient).Should(Equal(1))
		cancel(errEnough)
		Expect(receive(result)).To(BeIdenticalTo(errEnough))
		Expect(b.Waiting()).To(BeZero())
		var err error
		l.on(func() { _, err = b.Wait(context.Background()) })
		Expect(err).To(MatchError(future.ErrAwaitOnLoop))
	})

	It("forgets a goroutine that has left", func() {
		l.start()
		ctx, cancel := context.WithCancelCause(soon())
		result := make(chan error, 1)
		go func() { _, err := b.Wait(ctx); result <- err }()
		Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
		cancel(errEnough)
		Expect(receive(result)).To(BeIdenticalTo(errEnough))
		waiting := make(chan int, 1)
		Expect(l.Post(func() { waiting <- b.Waiting() })).To(Succeed())
		Expect(receive(waiting)).To(BeZero())
	})
})
