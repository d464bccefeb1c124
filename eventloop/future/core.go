package future

import "sync/atomic"

// The states of a future.
const (
	pending uint32 = iota
	resolved
	failed
	revoked // cancelled
)

// core is what a future is without the type of its result. All of it belongs to
// the loop's goroutine, but state and, once state says so, err and dispose: they may
// be read from anywhere.
type core struct {
	sched      Scheduler
	coro       *Coro // of a task's future: the task
	state      atomic.Uint32
	relays     bool // Cancel only calls onCancel, which leads to the end in time
	err        error
	head, tail *node // who waits, in the order of registration
	onCancel   func()
	dispose    func()        // of a value that Deliver gave, else nil
	claim      atomic.Uint32 // of that value
}

// Done reports whether there is a result, an error or a cancellation. It may be
// called from any goroutine.
func (f *core) Done() bool { return f.state.Load() != pending }

// Cancelled reports whether the future was cancelled. It may be called from any
// goroutine.
func (f *core) Cancelled() bool { return f.state.Load() == revoked || f.isDisposed() }

// Scheduler returns the loop that the future belongs to.
func (f *core) Scheduler() Scheduler { return f.sched }

// outcome is the error of a future, ErrInvalidState while it is pending.
func (f *core) outcome() error {
	switch {
	case !f.Done():
		return ErrInvalidState
	case f.isDisposed():
		return ErrCancelled
	}
	return f.err
}

// publish ends the future; its value, if it has one, was stored before.
func (f *core) publish(state uint32, err error) {
	f.err = err
	f.onCancel = nil
	f.state.Store(state)
	for f.head != nil {
		n := f.head
		f.unlink(n)
		n.waiter.settled()
	}
}

// revoke cancels a future that no task computes.
func (f *core) revoke() bool {
	if f.Done() {
		return false
	}
	hook := f.onCancel
	f.publish(revoked, ErrCancelled)
	if hook != nil {
		hook()
	}
	return true
}

// cancel cancels a future of either kind.
func (f *core) cancel() bool {
	switch {
	case f.coro != nil:
		return f.coro.cancel()
	case f.relays && !f.Done():
		f.onCancel()
		return true
	default:
		return f.revoke()
	}
}

// A waiter is told, on the loop's goroutine, that a future is done. It is no
// longer linked then, and must not run user code.
type waiter interface{ settled() }

// A node links a waiter to the future that it waits for. Waiters contain their
// node, so that a wait allocates nothing.
type node struct {
	prev, next *node
	owner      *core // nil while not linked
	waiter     waiter
}

func (f *core) link(n *node) {
	n.owner, n.prev, n.next = f, f.tail, nil
	if f.tail == nil {
		f.head = n
	} else {
		f.tail.next = n
	}
	f.tail = n
}

func (f *core) unlink(n *node) {
	if n.prev == nil {
		f.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		f.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.prev, n.next, n.owner = nil, nil, nil
}

// detach unlinks the node if it is linked.
func (n *node) detach() {
	if n.owner != nil {
		n.owner.unlink(n)
	}
}
