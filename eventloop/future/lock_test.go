package future_test

import (
	"context"
	"fmt"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a lock", func() {
	var w *world
	var l *loop
	var m *future.Lock
	var events []string

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		m = future.NewLock(l)
		events = nil
	})

	event := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }

	// acquirer is a task that takes the lock and keeps it.
	acquirer := func(name string) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			err := m.Acquire(ctx)
			if err != nil {
				event("%s: %v", name, err)
			} else {
				event("%s", name)
			}
			return err
		})
		l.idle()
		return t
	}

	It("is free at first, and can be taken without a wait", func() {
		Expect(m.Locked()).To(BeFalse())
		Expect(acquirer("a").Done()).To(BeTrue())
		Expect(m.Locked()).To(BeTrue())
		m.Release()
		Expect(m.Locked()).To(BeFalse())
		Expect(m.TryAcquire()).To(BeTrue())
		Expect(m.TryAcquire()).To(BeFalse())
	})

	It("is taken without a wait even with a context that is over", func() {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		t := spawn(l, func(context.Context) error { return m.Acquire(over) })
		Expect(l.turn()).To(Equal(1))
		Expect(t.Err()).NotTo(HaveOccurred())
		t = spawn(l, func(context.Context) error { return m.Acquire(over) })
		l.idle()
		Expect(t.Err()).To(MatchError(context.Canceled))
	})

	It("goes to those who wait in the order in which they came", func() {
		m.TryAcquire()
		for i := range 4 {
			acquirer(fmt.Sprint(i))
		}
		Expect(events).To(BeEmpty())
		for range 4 {
			m.Release()
			l.idle()
		}
		Expect(events).To(Equal([]string{"0", "1", "2", "3"}))
		Expect(m.Locked()).To(BeTrue())
		m.Release()
		Expect(m.Locked()).To(BeFalse())
	})

	It("is handed over by Release: nobody gets between", func() {
		m.TryAcquire()
		acquirer("first")
		m.Release()
		Expect(m.Locked()).To(BeTrue())
		Expect(m.TryAcquire()).To(BeFalse())
		acquirer("second")
		Expect(events).To(Equal([]string{"first"}))
		m.Release()
		l.idle()
		Expect(events).To(Equal([]string{"first", "second"}))
	})

	It("panics when it is released and nobody holds it", func() {
		Expect(m.Release).To(PanicWith(ContainSubstring("not held")))
	})

	It("allocates nothing when it is free, and nothing after a task's first wait", func() {
		var free, contended float64
		t := spawn(l, func(ctx context.Context) error {
			free = testing.AllocsPerRun(100, func() {
				if m.Acquire(ctx) == nil {
					m.Release()
				}
			})
			return nil
		})
		l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(free).To(BeZero())

		d := &direct{tasks: future.NewTasks(nil)}
		m := future.NewLock(d)
		m.TryAcquire()
		future.Create(d, func(ctx context.Context) (none, error) {
			for {
				if err := m.Acquire(ctx); err != nil {
					return none{}, err
				}
			}
		})
		d.tasks.Enter()
		defer d.tasks.Leave()
		d.run()
		contended = testing.AllocsPerRun(100, func() {
			m.Release()
			d.run()
		})
		Expect(contended).To(BeZero())
		d.tasks.CloseAll(future.ErrLoopClosed)
	})

	When("a waiter is cancelled", func() {
		It("goes to the next", func() {
			m.TryAcquire()
			a := acquirer("a")
			acquirer("b")
			a.Cancel()
			m.Release() // a is still in line
			l.idle()
			Expect(events).To(ConsistOf("a: cancelled", "b"))
			Expect(a.Cancelled()).To(BeTrue())
			m.Release()
			Expect(m.Locked()).To(BeFalse())
		})

		It("is passed on by one that had got it already", func() {
			m.TryAcquire()
			a := acquirer("a")
			acquirer("b")
			m.Release()
			a.Cancel()
			Expect(m.Locked()).To(BeTrue())
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled", "b"}))
			m.Release()
			Expect(m.Locked()).To(BeFalse())
		})

		It("is free again if there is no other", func() {
			m.TryAcquire()
			a := acquirer("a")
			m.Release()
			a.Cancel()
			l.idle()
			Expect(m.Locked()).To(BeFalse())
		})

		It("is free although a waiter that is being cancelled still stands in line", func() {
			m.TryAcquire()
			a := acquirer("a")
			a.Cancel()
			m.Release()
			Expect(m.TryAcquire()).To(BeTrue())
			l.idle()
			Expect(events).To(Equal([]string{"a: cancelled"}))
			Expect(m.Locked()).To(BeTrue())
		})
	})

	When("a waiter's context ends", func() {
		It("goes to the next", func() {
			m.TryAcquire()
			var scope *future.CancelScope
			spawn(l, func(ctx context.Context) error {
				scope = future.FromContext(ctx).OpenScope(ctx)
				defer scope.Close()
				event("a: %v", m.Acquire(scope))
				return nil
			})
			l.idle()
			acquirer("b")
			scope.End(errEnough)
			m.Release()
			l.idle()
			Expect(events).To(ConsistOf("a: enough", "b"))
		})

		It("stays with a waiter that had got it before", func() {
			m.TryAcquire()
			var scope *future.CancelScope
			spawn(l, func(ctx context.Context) error {
				scope = future.FromContext(ctx).OpenScope(ctx)
				defer scope.Close()
				event("a: %v", m.Acquire(scope))
				return nil
			})
			l.idle()
			m.Release()
			scope.End(errEnough)
			l.idle()
			Expect(events).To(Equal([]string{"a: <nil>"}))
			Expect(m.Locked()).To(BeTrue())
		})
	})

	It("does not mistake a late wake-up of something else for its own", func() {
		m.TryAcquire()
		var wake func()
		t := spawn(l, func(ctx context.Context) error {
			wake = future.FromContext(ctx).Waker()
			return m.Acquire(ctx)
		})
		l.idle()
		wake()
		l.idle()
		Expect(t.Done()).To(BeFalse())
		m.Release()
		l.idle()
		Expect(t.Err()).NotTo(HaveOccurred())
	})

	It("is refused where a wait would block the loop, but given if it is free", func() {
		var free, held error
		l.on(func() { free, held = m.Acquire(context.Background()), m.Acquire(context.Background()) })
		Expect(free).NotTo(HaveOccurred())
		Expect(held).To(MatchError(future.ErrAwaitOnLoop))
		m.Release()
		Expect(m.Locked()).To(BeFalse())
	})

	It("is refused to tasks and callbacks of another loop", func() {
		other := w.newLoop()
		t := spawn(other, func(ctx context.Context) error { return m.Acquire(ctx) })
		other.idle()
		Expect(t.Err()).To(MatchError(future.ErrInvalidState))
		var err error
		other.on(func() { err = m.Acquire(context.Background()) })
		Expect(err).To(MatchError(future.ErrAwaitOnLoop))
	})

	When("the caller is a goroutine beside the loop", func() {
		It("blocks until it has the lock, in its turn", func() {
			l.start()
			Expect(m.Acquire(soon())).To(Succeed())
			second := make(chan error, 1)
			go func() { second <- m.Acquire(soon()) }()
			Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
			Consistently(second).WithTimeout(patient / 1000).ShouldNot(Receive())
			Expect(l.Post(m.Release)).To(Succeed())
			Eventually(second).WithTimeout(patient).Should(Receive(BeNil()))
			Expect(l.Post(m.Release)).To(Succeed())
		})

		It("leaves when its context ends, and holds nothing up", func() {
			l.start()
			Expect(m.Acquire(soon())).To(Succeed())
			ctx, cancel := context.WithCancelCause(soon())
			result := make(chan error, 1)
			go func() { result <- m.Acquire(ctx) }()
			Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
			cancel(errEnough)
			Eventually(result).WithTimeout(patient).Should(Receive(BeIdenticalTo(errEnough)))
			left := make(chan int, 1)
			Expect(l.Post(func() { left <- m.InLine() })).To(Succeed())
			Expect(receive(left)).To(BeZero())
			Expect(l.Post(m.Release)).To(Succeed())
			Expect(m.Acquire(soon())).To(Succeed())
		})

		It("has it or has it not when release and end of context meet", func() {
			l.start()
			for range 300 {
				Expect(m.Acquire(soon())).To(Succeed())
				ctx, cancel := context.WithCancel(soon())
				result := make(chan error, 1)
				go func() { result <- m.Acquire(ctx) }()
				go cancel()
				Expect(l.Post(m.Release)).To(Succeed())
				if receive(result) == nil {
					Expect(l.Post(m.Release)).To(Succeed())
				}
			}
			Expect(m.Acquire(soon())).To(Succeed())
		})

		It("gets the loop's error when that is closed", func() {
			l.start()
			Expect(m.Acquire(soon())).To(Succeed())
			result := make(chan error, 1)
			go func() { result <- m.Acquire(context.Background()) }()
			Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
			l.close()
			Eventually(result).WithTimeout(patient).Should(Receive(MatchError(future.ErrLoopClosed)))
			Expect(m.Acquire(soon())).To(MatchError(future.ErrLoopClosed))
		})

		It("panics without a context", func() {
			var none context.Context
			Expect(func() { m.Acquire(none) }).To(PanicWith(ContainSubstring("needs a context")))
		})
	})

	When("the loop is closed", func() {
		It("ends the waits, and tolerates the Release of those who did not get it", func() {
			m.TryAcquire()
			spawn(l, func(ctx context.Context) error {
				defer m.Release()
				return m.Acquire(ctx)
			})
			spawn(l, func(ctx context.Context) error {
				defer m.Release()
				return m.Acquire(ctx)
			})
			l.idle()
			l.close()
			Expect(l.complaints()).To(HaveEach(MatchError(future.ErrLoopClosed)))
		})
	})
})
