package future_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a cancel scope", func() {
	var l *loop
	var never *future.Future[int]
	var scope *future.CancelScope
	var seen []error

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		never = future.New[int](l)
		seen = nil
	})

	note := func(err error) { seen = append(seen, err) }

	// inside runs a task that opens a scope of what with makes of its context.
	inside := func(with func(context.Context) context.Context, fn func(ctx context.Context)) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			scope = future.FromContext(ctx).OpenScope(with(ctx))
			defer scope.Close()
			fn(ctx)
			return nil
		})
		l.idle()
		return t
	}
	own := func(ctx context.Context) context.Context { return ctx }

	It("ends a suspended wait in the next turn, with the error that it was given", func() {
		t := inside(own, func(context.Context) {
			_, err := never.Await(scope)
			note(err)
		})
		Expect(scope.End(errEnough)).To(BeTrue())
		Expect(l.turn()).To(Equal(1))
		Expect(seen).To(Equal([]error{errEnough}))
		Expect(never.Cancelled()).To(BeTrue())
		Expect(t.Err()).NotTo(HaveOccurred())
	})

	It("ends a wait that was given a context derived from it", func() {
		inside(own, func(ctx context.Context) {
			derived, cancel := context.WithCancel(context.WithValue(scope, name{}, "x"))
			defer cancel()
			note(future.FromContext(ctx).Suspend(derived))
		})
		scope.End(errEnough)
		l.turn() // the context has a goroutine that may have come as well
		Expect(seen).To(Equal([]error{errEnough}))
	})

	It("ends a wait that was given a context with its values at once", func() {
		inside(own, func(ctx context.Context) {
			note(future.FromContext(ctx).Suspend(context.WithValue(scope, name{}, "x")))
		})
		scope.End(errEnough)
		Expect(l.turn()).To(Equal(1))
		Expect(seen).To(Equal([]error{errEnough}))
	})

	It("keeps later waits from beginning, and lets those with the task's context pass", func() {
		other := future.New[int](l)
		t := inside(own, func(ctx context.Context) {
			scope.End(errEnough)
			_, err := never.Await(scope)
			note(err)
			note(future.FromContext(ctx).Yield(scope))
			_, err = other.Await(ctx)
			note(err)
		})
		Expect(t.Done()).To(BeFalse())
		other.SetResult(1)
		l.idle()
		Expect(seen).To(Equal([]error{errEnough, errEnough, nil}))
	})

	It("leaves alone the waits that are given another context", func() {
		t := inside(own, func(ctx context.Context) {
			_, err := never.Await(ctx)
			note(err)
		})
		scope.End(errEnough)
		l.idle()
		Expect(t.Done()).To(BeFalse())
		never.SetResult(1)
		l.idle()
		Expect(seen).To(Equal([]error{nil}))
	})

	It("gives a result that is there although it has ended", func() {
		inside(own, func(ctx context.Context) {
			scope.End(errEnough)
			_, err := future.Resolved(l, 1).Await(scope)
			note(err)
		})
		Expect(seen).To(Equal([]error{nil}))
	})

	It("costs a wait nothing", func() {
		d := &direct{tasks: future.NewTasks(nil)}
		future.Create(d, func(ctx context.Context) (none, error) {
			c := future.FromContext(ctx)
			scope := c.OpenScope(ctx)
			defer scope.Close()
			derived := context.WithValue(scope, name{}, "x")
			for c.Yield(scope) == nil && c.Yield(derived) == nil {
			}
			return none{}, nil
		})
		d.tasks.Enter()
		d.run()
		Expect(testing.AllocsPerRun(100, d.run)).To(BeZero())
		d.tasks.Leave()
		d.tasks.CloseAll(future.ErrLoopClosed)
	})

	It("ends once", func() {
		var ended []bool
		inside(own, func(context.Context) {
			note(scope.Cause())
			ended = append(ended, scope.End(errEnough), scope.End(errBroken))
			note(scope.Cause())
		})
		Expect(ended).To(Equal([]bool{true, false}))
		Expect(seen).To(Equal([]error{nil, errEnough}))
		Expect(scope.Cause()).To(BeIdenticalTo(errEnough))
	})

	It("is a context for everybody else", func() {
		var derived context.Context
		var cancel context.CancelFunc
		defer func() { cancel() }()
		inside(own, func(context.Context) {
			note(scope.Err())
			derived, cancel = context.WithCancel(scope)
			scope.End(errEnough)
			note(context.Cause(scope))
			note(context.Cause(derived))
		})
		Expect(seen).To(Equal([]error{nil, errEnough, errEnough}))
		Expect(scope.Done()).To(BeClosed())
		Expect(derived.Done()).To(BeClosed())
	})

	It("ends with context.Canceled when it is closed", func() {
		t := inside(own, func(context.Context) { note(scope.Cause()) })
		Expect(t.Err()).NotTo(HaveOccurred())
		Expect(scope.Err()).To(MatchError(context.Canceled))
		Expect(scope.Cause()).To(MatchError(context.Canceled))
		scope.Close()
	})

	It("panics without a context, or an error to end with", func() {
		t := spawn(l, func(ctx context.Context) error {
			var none context.Context
			future.FromContext(ctx).OpenScope(none)
			return nil
		})
		l.idle()
		Expect(t.Err()).To(MatchError(ContainSubstring("needs a context")))
		t = inside(own, func(context.Context) { scope.End(nil) })
		Expect(t.Err()).To(MatchError(ContainSubstring("needs an error")))
	})

	When("it is inside another", func() {
		var outer *future.CancelScope

		nested := func(fn func(c *future.Coro)) *future.Task[none] {
			t := spawn(l, func(ctx context.Context) error {
				c := future.FromContext(ctx)
				outer = c.OpenScope(ctx)
				defer outer.Close()
				scope = c.OpenScope(context.WithValue(outer, name{}, "x"))
				defer scope.Close()
				fn(c)
				return nil
			})
			l.idle()
			return t
		}

		It("ends with that one, for its reason", func() {
			nested(func(c *future.Coro) { note(c.Suspend(scope)) })
			outer.End(errEnough)
			l.idle()
			Expect(seen).To(Equal([]error{errEnough}))
			Expect(scope.End(errBroken)).To(BeFalse())
			Expect(context.Cause(scope)).To(BeIdenticalTo(errEnough))
		})

		It("ends alone, and keeps its reason when the other one ends", func() {
			nested(func(c *future.Coro) {
				note(c.Suspend(scope))
				note(c.Suspend(outer))
				note(c.Suspend(scope))
			})
			scope.End(errEnough)
			l.idle()
			outer.End(errBroken)
			l.idle()
			Expect(seen).To(Equal([]error{errEnough, errBroken, errEnough}))
		})

		It("is over from the beginning if that one is", func() {
			spawn(l, func(ctx context.Context) error {
				c := future.FromContext(ctx)
				outer := c.OpenScope(ctx)
				defer outer.Close()
				outer.End(errEnough)
				inner := c.OpenScope(outer)
				defer inner.Close()
				note(inner.Cause())
				note(c.Suspend(inner))
				return nil
			})
			l.idle()
			Expect(seen).To(Equal([]error{errEnough, errEnough}))
		})
	})

	When("it is made of a foreign context", func() {
		It("ends with that, for its cause", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			t := inside(func(context.Context) context.Context { return ctx }, func(c context.Context) {
				note(future.FromContext(c).Suspend(scope))
			})
			cancel(errEnough)
			Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(seen).To(Equal([]error{errEnough}))
		})

		It("is over from the beginning if that is", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errEnough)
			inside(func(context.Context) context.Context { return ctx }, func(c context.Context) {
				note(future.FromContext(c).Suspend(scope))
			})
			Expect(seen).To(Equal([]error{errEnough}))
		})

		It("forgets it when it is closed", func() {
			ctx, cancel := context.WithCancel(context.Background())
			inside(func(context.Context) context.Context { return ctx }, func(context.Context) {})
			cancel()
			Consistently(l.queued).WithTimeout(patient / 300).WithPolling(patient / 10_000).Should(BeZero())
		})
	})

	When("the task is cancelled", func() {
		It("is still good for the waits that clean up, until it ends", func() {
			other := future.New[int](l)
			t := inside(own, func(ctx context.Context) {
				_, err := never.Await(scope)
				note(err)
				_, err = other.Await(scope)
				note(err)
				note(future.FromContext(ctx).Suspend(scope))
			})
			t.Cancel()
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled}))
			Expect(scope.Done()).To(BeClosed())
			Expect(scope.Requested()).To(BeTrue())
			other.SetResult(1)
			l.idle()
			Expect(t.Done()).To(BeFalse())
			scope.End(errEnough)
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, nil, errEnough}))
			Expect(t.Done()).To(BeTrue())
		})

		It("can be opened by a survivor, and hears of the next cancellation", func() {
			t := spawn(l, func(ctx context.Context) error {
				c := future.FromContext(ctx)
				note(c.Suspend(ctx))
				scope = c.OpenScope(ctx)
				defer scope.Close()
				note(scope.Err())
				note(c.Suspend(scope))
				note(scope.Err())
				return nil
			})
			l.idle()
			t.Cancel()
			l.idle()
			Expect(scope.Requested()).To(BeFalse())
			t.Cancel()
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, nil, future.ErrCancelled, context.Canceled}))
		})

		It("ends for everybody with a scope that was cancelled before it was opened", func() {
			t := inside(own, func(ctx context.Context) {
				c := future.FromContext(ctx)
				note(c.Suspend(scope))
				inner := c.OpenScope(scope)
				defer inner.Close()
				note(inner.Err())
				scope.End(errEnough)
				note(context.Cause(inner))
			})
			t.Cancel()
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, nil, errEnough}))
		})

		It("leaves a scope of a foreign context to the others", func() {
			t := inside(func(context.Context) context.Context { return context.Background() }, func(ctx context.Context) {
				note(future.FromContext(ctx).Suspend(scope))
				note(scope.Err())
			})
			t.Cancel()
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, nil}))
		})

		It("wins if both come before the task goes on", func() {
			t := inside(own, func(ctx context.Context) {
				note(future.FromContext(ctx).Suspend(scope))
				note(future.FromContext(ctx).Suspend(scope))
			})
			scope.End(errEnough)
			t.Cancel()
			l.idle()
			Expect(seen).To(Equal([]error{future.ErrCancelled, errEnough}))
		})

		It("does not keep the scope's end from a task that awaits another one", func() {
			deaf := spawn(l, func(ctx context.Context) error {
				for len(seen) < 2 {
					note(future.FromContext(ctx).Suspend(ctx))
				}
				return nil
			})
			t := inside(own, func(context.Context) {
				_, err := deaf.Await(scope)
				note(err)
			})
			t.Cancel()
			l.idle()
			Expect(t.Done()).To(BeFalse())
			scope.End(errEnough)
			l.idle()
			Expect(t.Done()).To(BeTrue())
			Expect(seen).To(Equal([]error{future.ErrCancelled, future.ErrCancelled, nil}))
		})
	})

	It("means nothing to the waits of another task", func() {
		inside(own, func(ctx context.Context) {
			note(future.FromContext(ctx).Suspend(ctx))
		})
		c := scope
		t := spawn(l, func(ctx context.Context) error {
			mine := future.FromContext(ctx).OpenScope(c)
			defer mine.Close()
			return future.FromContext(ctx).Suspend(mine)
		})
		l.idle()
		c.End(errEnough)
		Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
		Expect(t.Err()).To(BeIdenticalTo(errEnough))
		Expect(seen).To(BeEmpty())
		l.close()
		Expect(l.taken()).To(HaveLen(1))
	})
})
