package future

import (
	"context"
	"fmt"
)

// wait returns nil once f is done and its result is the caller's.
func (f *core) wait(ctx context.Context) error {
	if ctx == nil {
		panic("future: Await needs a context; use context.Background")
	}
	if f.Done() {
		return nil
	}
	t := f.sched.Tasks().calling(ctx)
	switch {
	case t == nil:
		return f.waitOutside(ctx)
	case t.current == nil:
		return ErrAwaitOnLoop
	case t == f.sched.Tasks():
		return f.waitInside(ctx, t.current)
	default:
		return f.waitAcross(ctx, t.current)
	}
}

// waitInside suspends the task c of the future's own loop.
func (f *core) waitInside(ctx context.Context, c *Coro) error {
	if f.coro == c {
		return fmt.Errorf("%w: a task cannot await itself", ErrInvalidState)
	}
	if err := c.refused(); err != nil {
		return err
	}
	expired := c.expiredBefore(ctx)
	if expired {
		f.cancel()
		if f.Done() {
			return f.verdict(c.cause(ctx))
		}
	}
	f.link(&c.node)
	cancelled, err := c.park(ctx, expired)
	if err != nil {
		return err
	}
	// A cancellation of this task that f has taken over is f's to tell, under
	// its own name even if ctx has ended as well.
	if c.expired && !cancelled {
		return f.verdict(c.cause(ctx))
	}
	return nil
}

// verdict is how a wait ends whose context ended: with the context's cause,
// unless the future got a result all the same.
func (f *core) verdict(cause error) error {
	if f.Done() && !f.Cancelled() {
		return nil
	}
	return cause
}

// waitAcross suspends the task c of another loop than the future's.
func (f *core) waitAcross(ctx context.Context, c *Coro) error {
	if err := c.refused(); err != nil {
		return err
	}
	if c.expiredBefore(ctx) {
		f.leave()
		return c.cause(ctx)
	}
	r := newRemote(f, c.remoteWaker())
	if err := r.arm(); err != nil {
		return f.unlessDone(err)
	}
	_, err := c.park(ctx, false)
	switch {
	case err != nil:
		r.abandon(err == ErrCancelled)
		return err
	case c.expired:
		return r.leave(c.cause(ctx))
	default:
		return f.unlessDone(f.sched.Tasks().closed())
	}
}

// waitOutside blocks a goroutine that is no loop's.
func (f *core) waitOutside(ctx context.Context) error {
	if ctx.Err() != nil {
		f.leave()
		return cause(ctx)
	}
	over := make(chan struct{})
	r := newRemote(f, func() { close(over) })
	if err := r.arm(); err != nil {
		return f.unlessDone(err)
	}
	select {
	case <-over:
		return f.unlessDone(f.sched.Tasks().closed())
	case <-ctx.Done():
		return r.leave(cause(ctx))
	}
}

// unlessDone returns err, or nil if the future has become done meanwhile.
func (f *core) unlessDone(err error) error {
	if f.Done() {
		return nil
	}
	return err
}

// cause never returns nil: contexts written elsewhere may end without an error.
func cause(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return context.Canceled
}
