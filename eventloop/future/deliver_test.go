package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Deliver", func() {
	var (
		w        *world
		l        *loop
		f        *future.Future[int]
		disposed int
	)

	dispose := func() { disposed++ }

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		f = future.New[int](l)
		disposed = 0
	})

	// left is what a goroutine got that waits until the spec says, while the loop
	// does nothing.
	left := func() error {
		GinkgoHelper()
		ctx, cancel := context.WithCancelCause(context.Background())
		got := make(chan error, 1)
		go func() {
			_, err := f.Await(ctx)
			got <- err
		}()
		Eventually(l.queued).WithTimeout(patient).Should(Equal(1))
		l.idle()
		cancel(errEnough)
		var err error
		Eventually(got).WithTimeout(patient).Should(Receive(&err))
		return err
	}

	It("gives the future its value", func() {
		Expect(f.Deliver(4, dispose)).To(BeTrue())
		Expect(f.Result()).To(Equal(4))
		Expect(f.Await(soon())).To(Equal(4))
		f.Abandon()
		l.idle()
		Expect(f.Result()).To(Equal(4), "it has an owner")
		Expect(disposed).To(BeZero())
	})

	It("disposes of a value whose future is done already", func() {
		f.Cancel()
		Expect(f.Deliver(4, dispose)).To(BeFalse())
		Expect(disposed).To(Equal(1))
	})

	It("disposes of a value that comes when the one who waited has left, but the loop does not know yet", func() {
		Expect(left()).To(BeIdenticalTo(errEnough))
		Expect(f.Deliver(4, dispose)).To(BeTrue())
		Expect(disposed).To(BeZero())
		l.idle()
		Expect(disposed).To(Equal(1))
	})

	It("says of what was disposed of that it was cancelled", func() {
		f.Deliver(4, dispose)
		f.Abandon()
		l.idle()
		Expect(f.Cancelled()).To(BeTrue())
		Expect(f.Err()).To(BeIdenticalTo(future.ErrCancelled))
		Expect(f.Result()).Error().To(BeIdenticalTo(future.ErrCancelled))
		Expect(f.Await(soon())).Error().To(BeIdenticalTo(future.ErrCancelled))
		f.Abandon()
		l.idle()
		Expect(disposed).To(Equal(1), "and once only")
	})

	It("leaves the value to somebody else who has had it by then", func() {
		Expect(left()).To(BeIdenticalTo(errEnough))
		f.Deliver(4, dispose)
		Expect(f.Result()).To(Equal(4))
		l.idle()
		Expect(disposed).To(BeZero())
		Expect(f.Result()).To(Equal(4))
	})

	It("has one owner for each value, whoever is first", func() {
		const n = 2000
		var returned int
		l.start()
		for range n {
			f := future.New[int](l)
			_ = l.Post(func() { f.Deliver(4, dispose) })
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			if _, err := f.Await(ctx); err == nil {
				returned++
			}
		}
		l.stop()
		Expect(returned + disposed).To(Equal(n))
	})

	It("has nothing to do with an error, or with a value that SetResult gave", func() {
		f.SetError(errEnough)
		f.Abandon()
		l.idle()
		Expect(f.Err()).To(BeIdenticalTo(errEnough))
		other := future.Resolved(l, 5)
		other.Abandon()
		l.idle()
		Expect(other.Result()).To(Equal(5))
	})

	It("disposes where a task of another loop has left", func() {
		home := w.newLoop()
		ctx, cancel := context.WithCancelCause(context.Background())
		t := future.Create(home, func(context.Context) (int, error) { return f.Await(ctx) })
		home.idle()
		l.idle()
		cancel(errEnough)
		Eventually(func() bool { home.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
		f.Deliver(4, dispose)
		l.idle()
		Expect(t.Err()).To(BeIdenticalTo(errEnough))
		Expect(disposed).To(Equal(1))
	})

	It("disposes for an Await whose context was over when it began", func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errEnough)
		Expect(f.Await(ctx)).Error().To(BeIdenticalTo(errEnough))
		f.Deliver(4, dispose)
		l.idle()
		Expect(disposed).To(Equal(1))
	})
})

var _ = Describe("Abandon", func() {
	It("cancels what is under way, from any goroutine", func() {
		l := new(world).newLoop()
		f := future.New[int](l)
		given := false
		f.OnCancel(func() { given = true })
		f.Abandon()
		Expect(f.Done()).To(BeFalse(), "the loop does it")
		l.idle()
		Expect(f.Cancelled()).To(BeTrue())
		Expect(given).To(BeTrue())
	})
})
