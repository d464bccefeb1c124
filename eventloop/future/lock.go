package future

import "context"

// A Lock is held by one at a time, across waits: what a sync.Mutex must not be in
// a task. Those who wait get it in the order in which they asked, handed over by
// Release: whoever asks meanwhile stands behind them.
//
// Acquire may be called from any goroutine, the other methods belong to the
// loop's: elsewhere it is l.Post(lock.Release). A lock has no owner. Locks are
// made by [NewLock].
type Lock struct {
	sched  Scheduler
	locked bool
	line   line
}

// NewLock returns a lock of the loop s that nobody holds.
func NewLock(s Scheduler) *Lock { return &Lock{sched: s} }

// Acquire waits until the caller holds the lock; a free one it takes without
// looking at ctx, except beside the loop. After an error the caller does not hold
// it: ErrCancelled if the task was cancelled, the cause if ctx ended, the loop's
// error if it was closed; ErrAwaitOnLoop where waiting would block the loop,
// ErrInvalidState in a task of another loop.
func (m *Lock) Acquire(ctx context.Context) error {
	c, near, err := m.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return err
	case !near:
		return m.line.waitBeside(ctx, m.sched, nil, m.dispense)
	case m.TryAcquire():
		return nil
	case c == nil:
		return ErrAwaitOnLoop
	}
	granted, err := m.line.wait(ctx, c)
	if granted && err != nil {
		m.Release()
	}
	return err
}

// TryAcquire takes the lock if it is free and reports whether it was.
func (m *Lock) TryAcquire() bool {
	if m.locked {
		return false
	}
	m.locked = true
	return true
}

// Release hands the lock to the first that waits for it, or frees it. It panics
// if nobody holds it, but not on a closed loop, where waits end without the lock
// and their deferred Release comes all the same.
func (m *Lock) Release() {
	if !m.locked {
		if m.sched.Tasks().closed() != nil {
			return
		}
		panic("future: Release of a lock that is not held")
	}
	m.locked = false
	m.dispense()
}

// Locked reports whether somebody holds the lock.
func (m *Lock) Locked() bool { return m.locked }

func (m *Lock) dispense() {
	if !m.locked && m.line.grant(nil) != nil {
		m.locked = true
	}
}
