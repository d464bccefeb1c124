package future

import (
	"context"
	"errors"
)

var _ context.Context = (*CancelScope)(nil)

// scopeKey finds the CancelScope that a context derives from.
type scopeKey struct{}

// A CancelScope is a part of a task that can be ended without the task: a
// context, made by [Coro.OpenScope], of which the waits of its task ask only
// whether End was called. So its end reaches a suspended wait at once and not by
// way of another goroutine, and the cancellation of the task, which is delivered
// by one wait, leaves the scope usable to the waits that clean up after it.
//
// To everybody else it is a context that ends when the one it was made of does,
// the task is cancelled, or End or Close is called. Deadline is that of the
// context it was made of: a scope knows no time.
type CancelScope struct {
	context.Context
	finish  context.CancelCauseFunc
	coro    *Coro
	outer   *CancelScope // of the same task, which it derives from
	older   *CancelScope // in the task's list of open scopes
	err     error        // why it has ended; belongs to the loop's goroutine
	cancels uint32       // of the task, at the beginning
	bound   bool         // it derives from the task's context
	unwatch func() bool
}

// OpenScope opens a scope that derives from ctx, and of which c is the task. The
// task closes it. It belongs to the loop's goroutine and panics if ctx is nil.
func (c *Coro) OpenScope(ctx context.Context) *CancelScope {
	if ctx == nil {
		panic("future: OpenScope needs a context; use context.Background")
	}
	s := &CancelScope{coro: c, outer: c.scopeOf(ctx), older: c.scopes, cancels: c.cancels}
	parent := ctx
	switch {
	case s.outer != nil || c.covers(ctx):
		s.bound = ctx.Done() != nil && (s.outer == nil || s.outer.bound)
		if s.outer != nil {
			s.err = s.outer.err
		}
		if s.err == nil && ctx.Err() != nil {
			parent = context.WithoutCancel(ctx) // the task has survived a cancellation
		}
	case ctx.Err() != nil:
		s.err = cause(ctx)
	default:
		s.unwatch = context.AfterFunc(ctx, func() {
			_ = c.sched.Post(func() { s.end(cause(ctx), false) })
		})
	}
	s.Context, s.finish = context.WithCancelCause(parent)
	c.scopes = s
	return s
}

// End ends the scope: the wait in which its task is suspended with the scope, or
// with a context derived from it, returns why, as all later ones do. It reports
// false, and does nothing, if the scope has ended already, also because one
// around it has. It belongs to the loop's goroutine and panics if why is nil.
func (s *CancelScope) End(why error) bool {
	if why == nil {
		panic("future: End needs an error; a nil one would look like a result")
	}
	return s.end(why, true)
}

// end ends the scope and those inside it. A foreign end, of a context around the
// scope, may be the task's own cancellation by another name, which a wait must
// not hear of twice: that is for expire to tell.
func (s *CancelScope) end(why error, own bool) bool {
	if s.err != nil {
		return false
	}
	for inner := s.coro.scopes; inner != nil; inner = inner.older {
		if inner.err == nil && inner.within(s) {
			inner.err = why
			inner.finish(why)
		}
	}
	s.err = why
	s.finish(why)
	s.coro.overtake(own)
	return true
}

// within reports whether s is outer or derives from it.
func (s *CancelScope) within(outer *CancelScope) bool {
	for s != nil && s != outer {
		s = s.outer
	}
	return s == outer
}

// Cause returns why the scope has ended, nil if it has not. It belongs to the
// loop's goroutine; others ask context.Cause, which may name the cancellation of
// the task instead.
func (s *CancelScope) Cause() error { return s.err }

// Requested reports whether the task was asked to cancel since the scope was
// opened, whatever became of that. It belongs to the loop's goroutine.
func (s *CancelScope) Requested() bool { return s.coro.cancels != s.cancels }

// Close ends the scope, with context.Canceled if it has not ended before, and
// lets go of it. It belongs to the loop's goroutine; a second one does nothing.
func (s *CancelScope) Close() {
	if s.unwatch != nil {
		s.unwatch()
	}
	s.end(context.Canceled, true)
	s.finish(context.Canceled) // after an end that came from around it
	for link := &s.coro.scopes; *link != nil; link = &(*link).older {
		if *link == s {
			*link = s.older
			return
		}
	}
}

// endScopes tells everybody else that the task was cancelled.
func (c *Coro) endScopes() {
	for s := c.scopes; s != nil; s = s.older {
		if s.bound {
			s.finish(ErrCancelled)
		}
	}
}

// Value looks in the context that the scope was made of.
func (s *CancelScope) Value(k any) any {
	if k == any(scopeKey{}) {
		return s
	}
	return s.Context.Value(k)
}

// scopeOf returns the scope of this task whose end is that of ctx, or nil.
func (c *Coro) scopeOf(ctx context.Context) *CancelScope {
	if _, own := ctx.(*Coro); own {
		return nil
	}
	s, ok := ctx.(*CancelScope)
	if !ok {
		s, _ = ctx.Value(scopeKey{}).(*CancelScope)
	}
	if s == nil || s.coro != c || !ok && s.Done() != ctx.Done() {
		return nil
	}
	return s
}

// attends reports whether the end of ctx needs no watching, because it can only
// come from the task itself or by way of End.
func (c *Coro) attends(ctx context.Context) bool {
	return c.scopeOf(ctx) != nil || c.covers(ctx)
}

// over reports whether the waits that are given ctx are over.
func (c *Coro) over(ctx context.Context) bool {
	if s := c.scopeOf(ctx); s != nil {
		return s.err != nil
	}
	return !c.covers(ctx) && ctx.Err() != nil
}

// cause is why the waits that are given ctx are over; never nil.
func (c *Coro) cause(ctx context.Context) error {
	if s := c.scopeOf(ctx); s != nil && s.err != nil {
		return s.err
	}
	return cause(ctx)
}

// overtake ends the current wait if its context has just ended.
func (c *Coro) overtake(own bool) {
	if c.status != parked || c.expired || !c.over(c.until) {
		return
	}
	if own {
		c.cutShort()
	} else {
		c.expire(c.wait)
	}
}

// isCancellation reports whether err tells of a cancellation. Functions that
// know nothing of tasks return context.Canceled instead, which means the same
// only if something was cancelled.
func isCancellation(err error, asked bool) bool {
	return errors.Is(err, ErrCancelled) || asked && errors.Is(err, context.Canceled)
}
