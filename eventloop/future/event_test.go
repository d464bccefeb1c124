package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("an event", func() {
	var l *loop
	var e *future.Event
	var order []int

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		e = future.NewEvent(l)
		order = nil
	})

	waiter := func(id int) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			err := e.Wait(ctx)
			if err == nil {
				order = append(order, id)
			}
			return err
		})
		l.idle()
		return t
	}

	It("lets everybody who waits go, in the order in which they came", func() {
		for i := range 3 {
			waiter(i)
		}
		Expect(order).To(BeEmpty())
		e.Set()
		Expect(e.IsSet()).To(BeTrue())
		l.idle()
		Expect(order).To(Equal([]int{0, 1, 2}))
		Expect(waiter(3).Done()).To(BeTrue())
		e.Set()
	})

	It("holds who comes after Clear, and not who waited before", func() {
		waiter(0)
		e.Set()
		e.Clear()
		Expect(e.IsSet()).To(BeFalse())
		late := waiter(1)
		Expect(order).To(Equal([]int{0}))
		Expect(late.Done()).To(BeFalse())
		e.Set()
		l.idle()
		Expect(order).To(Equal([]int{0, 1}))
	})

	It("forgets a cancelled waiter", func() {
		a, _ := waiter(0), waiter(1)
		a.Cancel()
		e.Set()
		l.idle()
		Expect(order).To(Equal([]int{1}))
		Expect(a.Cancelled()).To(BeTrue())
	})

	It("is refused where a wait would block the loop, unless it is set", func() {
		var before, after error
		l.on(func() {
			before = e.Wait(context.Background())
			e.Set()
			after = e.Wait(context.Background())
		})
		Expect(before).To(MatchError(future.ErrAwaitOnLoop))
		Expect(after).NotTo(HaveOccurred())
	})

	It("serves goroutines beside the loop", func() {
		l.start()
		result := make(chan error, 1)
		go func() { result <- e.Wait(soon()) }()
		Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
		Expect(l.Post(e.Set)).To(Succeed())
		Eventually(result).WithTimeout(patient).Should(Receive(BeNil()))
		Expect(e.Wait(soon())).To(Succeed())
		over, cancel := context.WithCancelCause(context.Background())
		cancel(errEnough)
		Expect(l.Post(e.Clear)).To(Succeed())
		Expect(e.Wait(over)).To(BeIdenticalTo(errEnough))
	})
})
