package eventloop

import "github.com/tidemill-go/tidemill/eventloop/future"

// What tasks of one loop share. Those who wait are served in the order in which
// they came, cancelled ones pass on what they got, and what need not wait neither
// suspends nor allocates. Methods with a context may be called from any
// goroutine, which they block if it is not the loop's; the others belong to the
// loop's goroutine: elsewhere it is l.Post(lock.Release).
type (
	// Lock is held by one at a time, across waits.
	Lock = future.Lock

	// Semaphore is a number of permits.
	Semaphore = future.Semaphore

	// Event is a flag to wait for.
	Event = future.Event

	// Condition is for tasks that wait for a change of what a lock protects.
	Condition = future.Condition

	// Barrier lets tasks go when all are there.
	Barrier = future.Barrier
)

// ErrBarrierBroken: the barrier was aborted, or reset during the wait.
var ErrBarrierBroken = future.ErrBarrierBroken

// NewLock returns a lock that nobody holds.
func NewLock(l *Loop) *Lock { return future.NewLock((*scheduler)(l)) }

// NewSemaphore returns a semaphore with so many permits; a negative number
// panics.
func NewSemaphore(l *Loop, permits int) *Semaphore {
	return future.NewSemaphore((*scheduler)(l), permits)
}

// NewBoundedSemaphore is NewSemaphore whose Release panics where there would be
// more permits than at first.
func NewBoundedSemaphore(l *Loop, permits int) *Semaphore {
	return future.NewBoundedSemaphore((*scheduler)(l), permits)
}

// NewEvent returns an event that is not set.
func NewEvent(l *Loop) *Event { return future.NewEvent((*scheduler)(l)) }

// NewCondition returns a condition of what the lock protects, of whose loop it
// is. Several may share one. A nil lock panics.
func NewCondition(lock *Lock) *Condition { return future.NewCondition(lock) }

// NewBarrier returns a barrier for so many parties; less than one panics.
func NewBarrier(l *Loop, parties int) *Barrier {
	return future.NewBarrier((*scheduler)(l), parties)
}
