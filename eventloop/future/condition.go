package future

import (
	"context"
	"fmt"
)

// A Condition is for tasks that wait until others have changed something which a
// lock protects. It shares its lock, whose methods it has, with whoever else is
// given it. Its methods belong to the loop's goroutine, and Wait to tasks of the
// loop: a goroutine beside it can not hold the lock across what the loop does.
// Conditions are made by [NewCondition].
type Condition struct {
	*Lock
	waiters line
}

// NewCondition returns a condition of what the lock m protects. It panics if m is
// nil.
func NewCondition(m *Lock) *Condition {
	if m == nil {
		panic("future: a condition needs a lock")
	}
	return &Condition{Lock: m}
}

// Wait gives the lock up, waits for Notify, and takes the lock again. It returns
// ErrInvalidState if the lock is not held or the caller is no task of its loop.
//
// If the task is cancelled or ctx ends meanwhile, Wait returns that error, but not
// before it holds the lock again, however long that takes; a notification that it
// got in vain goes to another waiter. Only when the loop was closed does it return
// without the lock, with the loop's error. As with every condition, the caller looks
// again at what it waits for; see WaitFor.
func (v *Condition) Wait(ctx context.Context) error {
	c, near, err := v.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return err
	case near && c == nil:
		return ErrAwaitOnLoop
	case !near:
		return fmt.Errorf("%w: only a task can wait for a condition", ErrInvalidState)
	case !v.locked:
		return fmt.Errorf("%w: the lock of the condition is not held", ErrInvalidState)
	}
	t := c.place(&v.waiters)
	v.Release()
	for t.line == &v.waiters && err == nil {
		err = c.Suspend(ctx)
	}
	notified := t.line != &v.waiters
	if !notified {
		v.rejoin(t)
	}
	if again := v.reacquire(c, t); again != nil {
		err = again
	}
	if err != nil && notified {
		v.notify(1)
	}
	return err
}

// WaitFor waits until holds, which is called with the lock held, returns true:
// before the first wait, and after every notification. The errors are those of
// Wait.
func (v *Condition) WaitFor(ctx context.Context, holds func() bool) error {
	for !holds() {
		if err := v.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Notify has the first n that wait for the condition go on, one after the other,
// once the caller has released the lock. It panics if the lock is not held.
func (v *Condition) Notify(n int) {
	if !v.locked {
		panic("future: Notify without the lock of the condition")
	}
	v.notify(n)
}

// NotifyAll is Notify for all that wait now.
func (v *Condition) NotifyAll() {
	v.Notify(v.waiters.length)
}

// notify moves waiters over to the line for the lock, without waking them: they
// could not go on before it is theirs. One that is being cancelled passes the
// notification on when it has the lock.
func (v *Condition) notify(n int) {
	for ; n > 0 && v.waiters.head != nil; n-- {
		v.rejoin(v.waiters.head)
	}
}

// rejoin puts a waiter in line for the lock. From here on nothing but the loop's
// end keeps it from getting that.
func (v *Condition) rejoin(t *ticket) {
	t.leave()
	t.firm = true
	v.line.push(t)
	v.dispense()
}

// reacquire waits for the lock. It returns the last cancellation that came
// meanwhile: waits with the task's own context hear of nothing else.
func (v *Condition) reacquire(c *Coro, t *ticket) (err error) {
	for !t.granted {
		switch again := c.Suspend(c); {
		case again == nil:
		case c.tasks.closeErr != nil:
			t.leave()
			return again
		default:
			err = again
		}
	}
	return err
}
