package future_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a semaphore", func() {
	var l *loop
	var events []string

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		events = nil
	})

	acquirer := func(m *future.Semaphore, name string) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			err := m.Acquire(ctx)
			if err == nil {
				events = append(events, name)
			}
			return err
		})
		l.idle()
		return t
	}

	It("has so many permits, which are taken without a wait", func() {
		m := future.NewSemaphore(l, 2)
		Expect(acquirer(m, "a").Done()).To(BeTrue())
		Expect(m.Free()).To(Equal(1))
		Expect(m.TryAcquire()).To(BeTrue())
		Expect(m.TryAcquire()).To(BeFalse())
		m.Release()
		m.Release()
		m.Release()
		Expect(m.Free()).To(Equal(3))
	})

	It("hands permits to those who wait, in the order in which they came", func() {
		m := future.NewSemaphore(l, 0)
		for i := range 4 {
			acquirer(m, fmt.Sprint(i))
		}
		m.Release()
		m.Release()
		Expect(m.Free()).To(BeZero())
		Expect(m.TryAcquire()).To(BeFalse())
		acquirer(m, "late")
		Expect(events).To(Equal([]string{"0", "1"}))
		for range 3 {
			m.Release()
		}
		l.idle()
		Expect(events).To(Equal([]string{"0", "1", "2", "3", "late"}))
	})

	It("has a permit that a cancelled waiter had got passed on", func() {
		m := future.NewSemaphore(l, 0)
		a, b := acquirer(m, "a"), acquirer(m, "b")
		acquirer(m, "c")
		m.Release()
		m.Release()
		a.Cancel()
		b.Cancel()
		l.idle()
		Expect(events).To(Equal([]string{"c"}))
		Expect(m.Free()).To(Equal(1))
	})

	It("steps over a waiter that is being cancelled", func() {
		m := future.NewSemaphore(l, 0)
		a := acquirer(m, "a")
		acquirer(m, "b")
		a.Cancel()
		m.Release()
		l.idle()
		Expect(events).To(Equal([]string{"b"}))
		Expect(m.Free()).To(BeZero())
	})

	It("panics for a number below zero", func() {
		Expect(func() { future.NewSemaphore(l, -1) }).To(Panic())
	})

	It("is refused where a wait would block the loop", func() {
		m := future.NewSemaphore(l, 0)
		var err error
		l.on(func() { err = m.Acquire(context.Background()) })
		Expect(err).To(MatchError(future.ErrAwaitOnLoop))
	})

	It("serves goroutines beside the loop", func() {
		m := future.NewSemaphore(l, 1)
		l.start()
		Expect(m.Acquire(soon())).To(Succeed())
		result := make(chan error, 1)
		go func() { result <- m.Acquire(soon()) }()
		Expect(l.Post(m.Release)).To(Succeed())
		Eventually(result).WithTimeout(patient).Should(Receive(BeNil()))
		over, cancel := context.WithCancelCause(context.Background())
		cancel(errEnough)
		Expect(m.Acquire(over)).To(BeIdenticalTo(errEnough))
	})

	When("it is bounded", func() {
		It("panics when it is released too often, and loses nothing by that", func() {
			m := future.NewBoundedSemaphore(l, 1)
			Expect(m.TryAcquire()).To(BeTrue())
			m.Release()
			Expect(m.Release).To(PanicWith(ContainSubstring("too often")))
			Expect(m.Free()).To(Equal(1))
		})

		It("hands over like any other", func() {
			m := future.NewBoundedSemaphore(l, 1)
			m.TryAcquire()
			a := acquirer(m, "a")
			acquirer(m, "b")
			m.Release()
			a.Cancel()
			l.idle()
			Expect(events).To(Equal([]string{"b"}))
			m.Release()
			Expect(m.Release).To(Panic())
		})
	})
})
