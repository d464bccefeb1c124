package future

import (
	"context"
	"time"
)

var _ context.Context = (*Coro)(nil)

// key finds the Coro that a context derives from.
type key struct{}

// scope is the part of a task's context that only exists once it is asked for:
// a context of the standard library, so that contexts derived from a task's are
// its children without a goroutine between them.
type scope struct {
	context.Context
	cancel context.CancelCauseFunc
}

// FromContext returns the task whose context ctx is or derives from, or nil.
// That says nothing about who is calling: any goroutine may hold a task's
// context.
func FromContext(ctx context.Context) *Coro {
	if c, ok := ctx.(*Coro); ok {
		return c
	}
	c, _ := ctx.Value(key{}).(*Coro)
	return c
}

// Deadline reports that there is none.
func (c *Coro) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Done returns a channel that is closed when the task is first asked to cancel,
// or ends. Like every context it stays over: a task that survives its
// cancellation may go on waiting with its own context, but what it derives from
// it with a timeout must come from context.WithoutCancel, or be a CancelScope.
func (c *Coro) Done() <-chan struct{} { return c.open().Done() }

// Err returns context.Canceled once Done is closed; context.Cause is
// ErrCancelled.
func (c *Coro) Err() error {
	if s := c.opened(); s != nil {
		return s.Err()
	}
	return nil
}

// Value looks in the context that the task was created with.
func (c *Coro) Value(k any) any {
	if k == any(key{}) {
		return c
	}
	if s := c.opened(); s != nil {
		return s.Value(k)
	}
	if c.values != nil {
		return c.values.Value(k)
	}
	return nil
}

// opened returns the scope if there is one, or must be because it has ended.
func (c *Coro) opened() *scope {
	if s := c.scope.Load(); s != nil || !c.ended.Load() {
		return s
	}
	return c.open()
}

func (c *Coro) open() *scope {
	if s := c.scope.Load(); s != nil {
		return s
	}
	values := c.values
	if values == nil {
		values = context.Background()
	}
	ctx, cancel := context.WithCancelCause(values)
	// All contexts that are cancelled before anybody asks share one channel; covers
	// needs this one to have its own.
	ctx.Done()
	s := &scope{ctx, cancel}
	if !c.scope.CompareAndSwap(nil, s) {
		cancel(nil)
		return c.scope.Load()
	}
	if c.ended.Load() {
		cancel(ErrCancelled)
	}
	return s
}

// end ends the context. It and open both write before they read, so that one of
// them sees the other.
func (c *Coro) end() {
	if c.ended.Swap(true) {
		return
	}
	if s := c.scope.Load(); s != nil {
		s.cancel(ErrCancelled)
	}
}

// covers reports whether the end of ctx can only be the task's own, so that
// nothing but Cancel needs watching.
func (c *Coro) covers(ctx context.Context) bool {
	if own, ok := ctx.(*Coro); ok {
		return own == c
	}
	done := ctx.Done()
	return done == nil || FromContext(ctx) == c && done == c.Done()
}
