package future

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop/internal/goroutine"
)

// park suspends the task until it is woken. It returns an error if the wait was
// ended by the task's cancellation or its loop's Close; cancelled tells whether
// what the task waited for was cancelled in its stead. The caller has linked the
// node if it waits for a future, and seen to refused.
func (c *Coro) park(ctx context.Context, expired bool) (cancelled bool, err error) {
	c.wait++
	c.status, c.expired = parked, expired
	c.until = ctx
	if c.yielding {
		c.rouse()
	}
	if c.mustCancel {
		if c.pass() {
			c.mustCancel = false
		} else {
			c.rouse()
		}
	}
	if !expired && !c.attends(ctx) {
		defer c.watch(ctx)()
	}
	c.tasks.giveBack()
	c.yield(struct{}{})
	c.tasks.lend(c)
	c.until = nil
	return c.delivered()
}

// delivered settles what has piled up while the task was suspended.
func (c *Coro) delivered() (cancelled bool, err error) {
	if err := c.tasks.closeErr; err != nil {
		return false, err
	}
	cancelled, c.requested = c.requested, false
	if c.mustCancel {
		c.mustCancel = false
		return true, ErrCancelled
	}
	return cancelled, nil
}

// settled wakes the task: the future that it awaits is done.
func (c *Coro) settled() { c.rouse() }

// rouse ends the current wait, of whatever kind, by posting the next step. It
// does nothing if the task is not suspended, or is roused already.
func (c *Coro) rouse() {
	if c.status != parked {
		return
	}
	c.detach()
	c.status = queued
	_ = c.sched.Post(c.resume)
}

// Wake ends the wait of Suspend: the task's next step is posted. It does nothing
// while the task is not in Suspend, or is woken already. It belongs to the
// loop's goroutine.
func (c *Coro) Wake() {
	if c.bare {
		c.rouse()
	}
}

// Waker returns Wake as a function, always the same one, for timers and the
// like: asking for it again allocates nothing.
func (c *Coro) Waker() func() {
	if c.waker == nil {
		c.waker = c.Wake
	}
	return c.waker
}

// Suspend suspends the task, which must be the caller, until Wake. It returns
// ErrCancelled if the task was cancelled meanwhile or before, context.Cause(ctx)
// if ctx ended, the loop's error if it was closed; then the caller takes back
// what would have called Wake, before it waits again. It panics if the caller is
// not the task.
//
// A sleep is a timer that calls Waker's function, Suspend, and the timer's
// cancellation if Suspend returned an error.
func (c *Coro) Suspend(ctx context.Context) error {
	if c.tasks.g.Load() != goroutine.Current() || c.tasks.current != c {
		panic("future: Suspend was called by somebody else than the task")
	}
	if err := c.refused(); err != nil {
		return err
	}
	if c.expiredBefore(ctx) {
		return c.cause(ctx)
	}
	c.bare = true
	_, err := c.park(ctx, false)
	c.bare = false
	if err == nil && c.expired {
		return c.cause(ctx)
	}
	return err
}

// Yield lets everybody else have a turn: it is Suspend with the next step posted
// at once, so that it takes one iteration of the loop and not two.
func (c *Coro) Yield(ctx context.Context) error {
	c.yielding = true
	defer func() { c.yielding = false }()
	return c.Suspend(ctx)
}

// expiredBefore reports whether ctx is over before a wait began, unless that is
// a cancellation of the task, which the wait will deliver.
func (c *Coro) expiredBefore(ctx context.Context) bool {
	return !c.mustCancel && c.over(ctx)
}

// watch has the wait ended when ctx is over.
func (c *Coro) watch(ctx context.Context) (stop func() bool) {
	wait := c.wait
	return context.AfterFunc(ctx, func() {
		_ = c.sched.Post(func() { c.expire(wait) })
	})
}

// expire ends the given wait because its context is over. A context that is
// over because the task was cancelled has nothing to add to that.
func (c *Coro) expire(wait uint32) {
	if c.wait != wait || c.status != parked || c.requested {
		return
	}
	c.cutShort()
}

// cutShort ends the current wait as one whose context is over.
func (c *Coro) cutShort() {
	c.expired = true
	if !c.pass() {
		c.rouse()
	}
}

// remoteWaker returns a function that wakes the task from any goroutine, out of
// the wait that comes next and no other.
func (c *Coro) remoteWaker() func() {
	wait := c.wait + 1
	return func() {
		_ = c.sched.Post(func() {
			if c.wait == wait {
				c.rouse()
			}
		})
	}
}
