package streams

import (
	"context"
	"slices"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// waiter is one call that waits: of a goroutine or of a task.
type waiter struct {
	ready  chan struct{} // of a goroutine; has room for the one wake-up
	coro   *future.Coro  // of a task
	parked bool          // in Suspend; belongs to the task's loop
}

// sleep waits for wake. It returns why it ended otherwise.
func (w *waiter) sleep(ctx context.Context) error {
	if w.coro != nil {
		return w.suspend(ctx)
	}
	if ctx.Done() == nil {
		<-w.ready // without a select, in half the time
		return nil
	}
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *waiter) suspend(ctx context.Context) error {
	w.parked = true
	defer func() { w.parked = false }()
	return w.coro.Suspend(ctx)
}

// wake ends the sleep, on any goroutine, at most once.
func (w *waiter) wake() {
	if w.coro == nil {
		w.ready <- struct{}{}
		return
	}
	s := w.coro.Scheduler()
	if s.Tasks().OnLoop() {
		w.rouse()
		return
	}
	_ = s.Post(w.rouse) // a closed loop has ended the task's wait by itself
}

// rouse wakes the task out of this wait and no other.
func (w *waiter) rouse() {
	if w.parked {
		w.coro.Wake()
	}
}

// queue is the calls that wait for the same thing, in the order in which they
// came. Its gate's lock protects it.
type queue struct {
	list []*waiter
}

func (q *queue) push(w *waiter) { q.list = append(q.list, w) }

// drop takes out a waiter that nobody has woken.
func (q *queue) drop(w *waiter) {
	if i := slices.Index(q.list, w); i >= 0 {
		q.list = slices.Delete(q.list, i, i+1)
	}
}

func (q *queue) wakeFirst() {
	if len(q.list) > 0 {
		w := q.list[0]
		q.list = slices.Delete(q.list, 0, 1)
		w.wake()
	}
}

func (q *queue) wakeAll() {
	for _, w := range q.list {
		w.wake()
	}
	clear(q.list)
	q.list = q.list[:0]
}
