package streams

import (
	"context"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
)

// gate is where goroutines, tasks and the loop meet: a lock for what they share,
// and a way to wait for each other. The loop holds the lock for as long as a
// copy takes and never waits for anything else.
type gate struct {
	mu    sync.Mutex
	sched future.Scheduler

	spare  *waiter // of the last goroutine that waited
	forget func()  // takes back WhenClosed; nil: nothing to take back
	over   func()  // called when the loop is closed
}

// schedulerOf returns the loop as futures see it.
func schedulerOf(l *eventloop.Loop) future.Scheduler {
	return eventloop.NewFuture[struct{}](l).Scheduler()
}

// onLoop reports whether the caller executes for the loop.
func (g *gate) onLoop() bool { return g.sched.Tasks().OnLoop() }

// wait waits until q is woken; the caller then looks again what has changed. The
// lock is held before and after, and not meanwhile. It returns ErrAwaitOnLoop
// where it would block a loop, and what ended the wait otherwise.
//
// The lock is taken again by a deferred call: a task that goes on waiting after
// its loop was closed is ended by a panic, and callers unlock deferred.
func (g *gate) wait(ctx context.Context, q *queue) error {
	coro, ok := g.caller()
	if !ok {
		return eventloop.ErrAwaitOnLoop
	}
	if err := g.watch(); err != nil {
		return err
	}
	w := g.admit(coro)
	q.push(w)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		q.drop(w)
		g.dismiss(w)
	}()
	return w.sleep(ctx)
}

// caller returns the task that calls, of whatever loop, nil for a goroutine that
// is no loop's; not ok on a loop's goroutine outside a task.
func (g *gate) caller() (c *future.Coro, ok bool) {
	tasks := g.sched.Tasks()
	if !tasks.OnLoop() {
		l, err := eventloop.Running()
		if err != nil {
			return nil, true
		}
		tasks = schedulerOf(l).Tasks()
	}
	c = tasks.Current()
	return c, c != nil
}

// watch sees to it that whoever waits hears of the loop's Close.
func (g *gate) watch() (err error) {
	if g.forget == nil {
		g.forget, err = g.sched.Tasks().WhenClosed(g.over)
	}
	return err
}

// unwatch is called when nobody will have to wait any more.
func (g *gate) unwatch() {
	if g.forget != nil {
		g.forget()
		g.forget = nil
	}
}

// admit returns a waiter. A task's is never used twice: a wake-up that comes
// late, through the queue of the task's loop, would meet its successor.
func (g *gate) admit(c *future.Coro) *waiter {
	switch w := g.spare; {
	case c != nil:
		return &waiter{coro: c}
	case w != nil:
		g.spare = nil
		return w
	}
	return &waiter{ready: make(chan struct{}, 1)}
}

func (g *gate) dismiss(w *waiter) {
	if w.coro == nil {
		select {
		case <-w.ready: // woken, but gone for another reason
		default:
		}
		g.spare = w
	}
}

// unlocked calls something that may call back.
func (g *gate) unlocked(call func()) {
	g.mu.Unlock()
	defer g.mu.Lock()
	call()
}
