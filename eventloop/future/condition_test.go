package future_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a condition", func() {
	var l *loop
	var v *future.Condition
	var events []string

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		v = future.NewCondition(future.NewLock(l))
		events = nil
	})

	event := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }

	// waiter is a task that waits once, and lets go of the lock when told to.
	waiter := func(name string) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			if err := v.Acquire(ctx); err != nil {
				return err
			}
			defer v.Release()
			err := v.Wait(ctx)
			event("%s: %v, %v", name, err, v.Locked())
			return err
		})
		l.idle()
		return t
	}
	// notify holds the lock meanwhile.
	notify := func(n int) {
		ok := v.TryAcquire()
		Expect(ok).To(BeTrue())
		v.Notify(n)
		v.Release()
	}

	It("gives the lock up while it waits, and has it again afterwards", func() {
		waiter("a")
		Expect(v.Locked()).To(BeFalse())
		Expect(v.TryAcquire()).To(BeTrue())
		v.Notify(1)
		l.idle()
		Expect(events).To(BeEmpty())
		v.Release()
		Expect(v.Locked()).To(BeTrue())
		l.idle()
		Expect(events).To(Equal([]string{"a: <nil>, true"}))
		Expect(v.Locked()).To(BeFalse())
	})

	It("lets go as many as are notified, first come first served, one after the other", func() {
		for i := range 4 {
			waiter(fmt.Sprint(i))
		}
		notify(1)
		l.idle()
		Expect(events).To(Equal([]string{"0: <nil>, true"}))
		notify(2)
		l.idle()
		Expect(events).To(Equal([]string{"0: <nil>, true", "1: <nil>, true", "2: <nil>, true"}))
		notify(0)
		l.idle()
		Expect(events).To(HaveLen(3))
		notify(10)
		l.idle()
		Expect(events).To(HaveLen(4))
		notify(1)
	})

	It("lets all go who wait now", func() {
		waiter("a")
		waiter("b")
		v.TryAcquire()
		v.NotifyAll()
		v.Release()
		waiter("c")
		Expect(events).To(Equal([]string{"a: <nil>, true", "b: <nil>, true"}))
		notify(1)
		l.idle()
		Expect(events).To(HaveLen(3))
	})

	It("waits until something holds", func() {
		n := 0
		t := spawn(l, func(ctx context.Context) error {
			if err := v.Acquire(ctx); err != nil {
				return err
			}
			defer v.Release()
			return v.WaitFor(ctx, func() bool { event("looks"); return n == 2 })
		})
		l.idle()
		for range 2 {
			n++
			notify(1)
			l.idle()
		}
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(events).To(HaveLen(3))
		t = spawn(l, func(ctx context.Context) error { return v.WaitFor(ctx, func() bool { return true }) })
		l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
	})

	It("shares its lock with other conditions", func() {
		other := future.NewCondition(v.Lock)
		waiter("a")
		Expect(v.TryAcquire()).To(BeTrue())
		Expect(other.Locked()).To(BeTrue())
		other.NotifyAll()
		other.Release()
		l.idle()
		Expect(events).To(BeEmpty())
		notify(1)
		l.idle()
		Expect(events).To(HaveLen(1))
	})

	It("wants the lock held", func() {
		t := spawn(l, func(ctx context.Context) error { return v.Wait(ctx) })
		l.idle()
		Expect(t.Err()).To(MatchError(future.ErrInvalidState))
		Expect(func() { v.Notify(1) }).To(PanicWith(ContainSubstring("without the lock")))
		Expect(v.NotifyAll).To(Panic())
		Expect(func() { future.NewCondition(nil) }).To(Panic())
	})

	It("is waited for by tasks only", func() {
		v.TryAcquire()
		Expect(v.Wait(context.Background())).To(MatchError(future.ErrInvalidState))
		var err error
		l.on(func() { err = v.Wait(context.Background()) })
		Expect(err).To(MatchError(future.ErrAwaitOnLoop))
		Expect(v.Locked()).To(BeTrue())
	})

	When("a waiter is cancelled", func() {
		It("has the lock again before it returns", func() {
			a := waiter("a")
			Expect(v.TryAcquire()).To(BeTrue())
			a.Cancel()
			l.idle()
			Expect(events).To(BeEmpty())
			a.Cancel()
			l.idle()
			Expect(events).To(BeEmpty())
			v.Release()
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled, true"}))
			Expect(v.Locked()).To(BeFalse())
			Expect(a.Cancelled()).To(BeTrue())
		})

		It("does not count as notified", func() {
			a := waiter("a")
			waiter("b")
			a.Cancel()
			notify(1)
			l.idle()
			Expect(events).To(ConsistOf("a: cancelled, true", "b: <nil>, true"))
		})

		It("passes the notification on that it got in vain", func() {
			a := waiter("a")
			waiter("b")
			v.TryAcquire()
			v.Notify(1)
			a.Cancel()
			l.idle()
			v.Release()
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled, true", "b: <nil>, true"}))
		})

		It("passes it on also if the lock was handed to it already", func() {
			a := waiter("a")
			waiter("b")
			notify(1)
			Expect(v.Locked()).To(BeTrue())
			a.Cancel()
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled, true", "b: <nil>, true"}))
			Expect(v.Locked()).To(BeFalse())
		})

		It("keeps its place in the line for the lock", func() {
			a := waiter("a")
			Expect(v.TryAcquire()).To(BeTrue())
			v.Notify(1)
			next := spawn(l, func(ctx context.Context) error {
				defer event("next")
				return v.Acquire(ctx)
			})
			l.idle()
			a.Cancel()
			v.Release() // a is about to be told, and gets the lock
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled, true", "next"}))
			Expect(next.Err()).NotTo(HaveOccurred())
		})
	})

	When("the context of a wait ends", func() {
		It("has the lock again, and the cause", func() {
			var scope *future.CancelScope
			spawn(l, func(ctx context.Context) error {
				scope = future.FromContext(ctx).OpenScope(ctx)
				defer scope.Close()
				if err := v.Acquire(ctx); err != nil {
					return err
				}
				defer v.Release()
				event("%v, %v", v.Wait(scope), v.Locked())
				return nil
			})
			l.idle()
			Expect(v.TryAcquire()).To(BeTrue())
			scope.End(errEnough)
			l.idle()
			Expect(events).To(BeEmpty())
			v.Release()
			l.idle()
			Expect(events).To(Equal([]string{"enough, true"}))
			Expect(v.Locked()).To(BeFalse())
		})
	})

	When("the loop is closed", func() {
		It("ends the wait, and everything that follows it", func() {
			waiter("a")
			waiter("b")
			l.close()
			Expect(events).To(HaveEach(ContainSubstring("the event loop is closed")))
			Expect(l.complaints()).To(HaveLen(2))
		})
	})
})
