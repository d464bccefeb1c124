package future_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Wait", func() {
	type F = *future.Future[int]
	var w *world
	var l *loop
	var a, b, c F
	var done, pending []F
	var err error

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		a, b, c = future.New[int](l), future.New[int](l), future.New[int](l)
		done, pending, err = nil, nil, nil
	})

	waitWith := func(with func(context.Context) context.Context, mode future.WaitMode, fs ...F) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			done, pending, err = future.Wait(with(ctx), fs, mode)
			return nil
		})
		l.idle()
		return t
	}
	own := func(ctx context.Context) context.Context { return ctx }
	wait := func(mode future.WaitMode, fs ...F) *future.Task[none] { return waitWith(own, mode, fs...) }

	It("waits until all are over, and reads nothing", func() {
		t := wait(future.AllCompleted, a, b, c)
		b.SetError(errBroken)
		l.idle()
		c.Cancel()
		l.idle()
		Expect(t.Done()).To(BeFalse())
		a.SetResult(1)
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(done).To(Equal([]F{a, b, c}))
		Expect(pending).To(BeEmpty())
		Expect(err).NotTo(HaveOccurred())
	})

	It("waits for the first that is over, and leaves no trace with the others", func() {
		t := wait(future.FirstCompleted, a, b, c)
		Expect(a.Waiters()).To(Equal(1))
		b.Cancel()
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(done).To(Equal([]F{b}))
		Expect(pending).To(Equal([]F{a, c}))
		Expect(a.Done()).To(BeFalse())
		Expect(a.Waiters() + c.Waiters()).To(BeZero())
	})

	It("waits for the first error, which neither a result nor a cancellation is", func() {
		t := wait(future.FirstError, a, b, c)
		a.SetResult(1)
		l.idle()
		b.Cancel()
		l.idle()
		Expect(t.Done()).To(BeFalse())
		c.SetError(errBroken)
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(done).To(Equal([]F{a, b, c}))
		t = wait(future.FirstError, c, future.New[int](l))
		Expect(t.Done()).To(BeTrue())
		Expect(pending).To(HaveLen(1))
	})

	It("waits for all if none fails", func() {
		t := wait(future.FirstError, a, b)
		a.SetResult(1)
		l.idle()
		Expect(t.Done()).To(BeFalse())
		b.SetResult(2)
		l.idle()
		Expect(done).To(Equal([]F{a, b}))
	})

	It("does not suspend if there is nothing to wait for, even with a context that is over", func() {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		a.SetResult(1)
		done, pending, err = future.Wait(over, []F{a, b}, future.FirstCompleted)
		Expect(done).To(Equal([]F{a}))
		Expect(pending).To(Equal([]F{b}))
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes one that is given twice once", func() {
		wait(future.AllCompleted, a, b, a)
		a.SetResult(1)
		b.SetResult(2)
		l.idle()
		Expect(done).To(Equal([]F{a, b}))
	})

	It("takes futures and tasks of several types together, and leaves errors unread", func() {
		t := future.Create(l, func(context.Context) (string, error) { return "", errBroken })
		var done []future.Any
		spawn(l, func(ctx context.Context) error {
			done, _, err = future.Wait(ctx, []future.Any{a, t}, future.FirstError)
			return nil
		})
		l.idle()
		Expect(done).To(Equal([]future.Any{t}))
		Expect(l.tasks.Unread()).To(Equal(1))
		Expect(t.Err()).To(BeIdenticalTo(errBroken))
	})

	It("refuses nothing at all, and futures of several loops", func() {
		wait(future.AllCompleted)
		Expect(err).To(MatchError(future.ErrInvalidState))
		wait(future.AllCompleted, a, future.New[int](w.newLoop()))
		Expect(err).To(MatchError(future.ErrInvalidState))
		Expect(done).To(BeNil())
		Expect(pending).To(BeNil())
		Expect(a.Waiters()).To(BeZero())
	})

	It("panics without a context", func() {
		var none context.Context
		Expect(func() { future.Wait(none, []F{a}, future.AllCompleted) }).To(PanicWith(ContainSubstring("needs a context")))
	})

	When("its context ends", func() {
		It("returns what there is, with the cause, and cancels nothing", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			t := waitWith(func(context.Context) context.Context { return ctx }, future.AllCompleted, a, b)
			a.SetResult(1)
			l.idle()
			cancel(errEnough)
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(done).To(Equal([]F{a}))
			Expect(pending).To(Equal([]F{b}))
			Expect(err).To(BeIdenticalTo(errEnough))
			Expect(b.Done()).To(BeFalse())
			Expect(b.Waiters()).To(BeZero())
		})
	})

	When("the task is cancelled", func() {
		It("returns what there is, with ErrCancelled, and cancels nothing", func() {
			t := wait(future.AllCompleted, a, b)
			a.SetResult(1)
			l.idle()
			t.Cancel()
			l.idle()
			Expect(done).To(Equal([]F{a}))
			Expect(pending).To(Equal([]F{b}))
			Expect(err).To(BeIdenticalTo(future.ErrCancelled))
			Expect(b.Done()).To(BeFalse())
			Expect(b.Waiters()).To(BeZero())
		})
	})

	It("returns ErrAwaitOnLoop in a callback, and the sets", func() {
		l.on(func() { done, pending, err = future.Wait(context.Background(), []F{a}, future.AllCompleted) })
		Expect(err).To(MatchError(future.ErrAwaitOnLoop))
		Expect(pending).To(Equal([]F{a}))
		Expect(a.Waiters()).To(BeZero())
	})

	It("waits on another goroutine, until its context ends", func() {
		l.start()
		ctx, cancel := context.WithCancelCause(soon())
		Expect(a.Settle(1, nil)).To(Succeed())
		done, pending, err = future.Wait(ctx, []F{a, b}, future.FirstCompleted)
		Expect(done).To(Equal([]F{a}))
		Expect(err).NotTo(HaveOccurred())
		cancel(errEnough)
		done, pending, err = future.Wait(ctx, []F{a, b}, future.AllCompleted)
		Expect(pending).To(Equal([]F{b}))
		Expect(err).To(BeIdenticalTo(errEnough))
	})

	It("waits in a task of another loop", func() {
		other := w.newLoop()
		t := spawn(other, func(ctx context.Context) error {
			done, pending, err = future.Wait(ctx, []F{a, b}, future.FirstCompleted)
			return nil
		})
		other.idle()
		l.idle()
		a.SetResult(1)
		l.idle()
		other.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(done).To(Equal([]F{a}))
	})

	It("returns the loop's error when the loop is closed", func() {
		l.start()
		result := make(chan error, 1)
		go func() {
			_, _, err := future.Wait(context.Background(), []F{a}, future.AllCompleted)
			result <- err
		}()
		Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
		l.close()
		Eventually(result).WithTimeout(patient).Should(Receive(MatchError(future.ErrLoopClosed)))
	})
})
