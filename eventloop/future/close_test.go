package future_test

import (
	"context"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

const pendingMessage = "the loop was closed while a task was pending"

var _ = Describe("the Close of a loop", func() {
	var l *loop
	var never *future.Future[int]
	var events log

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		never = future.New[int](l)
		events = log{}
	})

	It("ends the waits of a task with ErrLoopClosed until its function returns, and reports it", func() {
		var errs []error
		t := future.Create(l, func(ctx context.Context) (int, error) {
			defer events.add("deferred call")
			for range 3 {
				_, err := never.Await(ctx)
				errs = append(errs, err)
			}
			errs = append(errs, future.FromContext(ctx).Suspend(ctx))
			return 5, nil
		})
		l.idle()
		l.close()
		Expect(errs).To(HaveLen(4))
		Expect(errs).To(HaveEach(future.ErrLoopClosed))
		Expect(events.all()).To(Equal([]string{"deferred call"}))
		Expect(t.Result()).To(Equal(5))
		Expect(never.Done()).To(BeFalse())
		Expect(never.Waiters()).To(BeZero())
		Expect(l.taken()).To(Equal([]report{{pendingMessage, future.ErrLoopClosed, t}}))
	})

	It("settles a task that never began, without calling its function", func() {
		t := future.Create(l, func(context.Context) (int, error) {
			events.add("called")
			return 1, nil
		})
		l.close()
		Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
		Expect(events.all()).To(BeEmpty())
		Expect(l.taken()).To(Equal([]report{{pendingMessage, future.ErrLoopClosed, t}}))
	})

	It("ends a task whose next step is queued", func() {
		t := future.Create(l, func(ctx context.Context) (int, error) { return never.Await(ctx) })
		l.idle()
		never.SetResult(1)
		l.close()
		Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
		Expect(l.taken()).To(HaveLen(1))
	})

	It("ends tasks that await each other, oldest first", func() {
		inner := future.Create(l, func(ctx context.Context) (int, error) {
			defer events.add("inner")
			return never.Await(ctx)
		})
		future.Create(l, func(ctx context.Context) (int, error) {
			defer events.add("outer")
			return inner.Await(ctx)
		})
		l.idle()
		l.close()
		Expect(events.all()).To(Equal([]string{"inner", "outer"}))
		Expect(l.taken()).To(HaveLen(2))
	})

	It("lets an unwinding task read results that are there", func() {
		ready := future.Resolved(l, 3)
		t := future.Create(l, func(ctx context.Context) (int, error) {
			never.Await(ctx)
			return ready.Await(ctx)
		})
		l.idle()
		l.close()
		Expect(t.Result()).To(Equal(3))
		Expect(l.taken()).To(HaveLen(1))
	})

	It("settles at once the tasks that an unwinding task creates", func() {
		var child *future.Task[int]
		future.Create(l, func(ctx context.Context) (int, error) {
			never.Await(ctx)
			child = future.Create(l, func(context.Context) (int, error) { return 1, nil })
			return 0, nil
		})
		l.idle()
		l.close()
		Expect(child.Err()).To(MatchError(future.ErrLoopClosed))
		Expect(l.taken()).To(HaveLen(1))
	})

	It("ends a task's context and what derives from it", func() {
		var derived context.Context
		future.Create(l, func(ctx context.Context) (int, error) {
			timed, cancel := context.WithCancel(ctx)
			DeferCleanup(cancel)
			derived = timed
			return never.Await(ctx)
		})
		l.idle()
		l.close()
		Expect(derived.Done()).To(BeClosed())
		Expect(l.taken()).To(HaveLen(1))
	})

	It("unwinds every task although some call runtime.Goexit", func() {
		for _, leave := range []bool{true, false, true} {
			future.Create(l, func(ctx context.Context) (int, error) {
				defer events.add("unwound")
				never.Await(ctx)
				if leave {
					runtime.Goexit()
				}
				return 0, nil
			})
		}
		l.idle()
		l.close()
		Expect(events.all()).To(HaveLen(3))
		var unread int
		for _, r := range l.taken() {
			if r.message != pendingMessage {
				Expect(r.err).To(MatchError(future.ErrGoexit))
				unread++
			}
		}
		Expect(unread).To(Equal(2))
		Expect(l.tasks.OnLoop()).To(BeFalse())
	})

	It("ends a task by a panic that goes on waiting for ever", func() {
		refused := 0
		t := future.Create(l, func(ctx context.Context) (int, error) {
			for {
				never.Await(ctx)
				refused++
			}
		})
		l.idle()
		l.close()
		Expect(refused).To(Equal(future.Patience + 1))
		Expect(t.Err()).To(MatchError(ContainSubstring("although its loop is closed")))
		var messages []string
		for _, r := range l.taken() {
			messages = append(messages, r.message)
		}
		Expect(messages).To(Equal([]string{pendingMessage, unreadMessage}))
	})

	It("panics if a task calls CloseAll", func() {
		t := future.Create(l, func(context.Context) (int, error) {
			l.tasks.CloseAll(future.ErrLoopClosed)
			return 0, nil
		})
		l.idle()
		Expect(t.Err()).To(MatchError(ContainSubstring("by a task")))
	})

	It("does nothing the second time, and keeps the first error", func() {
		future.Create(l, func(ctx context.Context) (int, error) { return never.Await(ctx) })
		l.idle()
		l.close()
		Expect(l.taken()).To(HaveLen(1))
		l.tasks.CloseAll(errBroken)
		t := future.Create(l, func(context.Context) (int, error) { return 1, nil })
		Expect(t.Err()).To(BeIdenticalTo(future.ErrLoopClosed))
	})
})
