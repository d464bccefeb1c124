package future

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A line is those who wait for a lock, an item, an event, first come first
// served. It belongs to the loop's goroutine.
type line struct {
	head, tail *ticket
	length     int
}

// A ticket is a place in a line. That of a task is the task's own, used again for
// every wait; that of a goroutine beside the loop is made for one.
type ticket struct {
	prev, next *ticket
	line       *line // nil once granted or given back

	coro *Coro // the task that waits, or nil
	firm bool  // it is granted even if the task is being cancelled

	far    *Future[struct{}] // ends the wait of a goroutine beside the loop
	taken  atomic.Uint32     // ... and who of the two was first
	effect func()            // ... and what being granted does for it

	granted bool
	err     error // what the wait returns instead of what it was for
	index   int   // of those that a barrier let go together
}

// Who ended the wait of a goroutine beside the loop: what it waits for is only
// handed out if it is still there to take it.
const (
	waiting uint32 = iota
	granting
	leaving
)

// waits tells who is calling: c is the task, if one of this loop is; near, whether
// the caller executes for the loop.
func (t *Tasks) waits(ctx context.Context) (c *Coro, near bool, err error) {
	if t.OnLoop() {
		return t.current, true, nil
	}
	if ctx == nil {
		panic("future: a wait needs a context; use context.Background")
	}
	switch other := t.calling(ctx); {
	case other == nil:
		return nil, false, nil
	case other.current == nil:
		return nil, false, ErrAwaitOnLoop
	default:
		return nil, false, fmt.Errorf("%w: a task can not wait in the line of another loop", ErrInvalidState)
	}
}

// wait queues the task c, which is the caller, until it is granted what it waits
// for or the wait ends otherwise. A cancelled wait may have been granted all the
// same: then the caller passes on what it got.
func (w *line) wait(ctx context.Context, c *Coro) (granted bool, err error) {
	t := c.place(w)
	for !t.granted {
		if err := c.Suspend(ctx); err != nil {
			t.leave()
			return t.granted && t.err == nil, err
		}
	}
	return t.err == nil, t.err
}

// place puts the task at the end of the line.
func (c *Coro) place(w *line) *ticket {
	if c.ticket == nil {
		c.ticket = &ticket{coro: c}
	}
	t := c.ticket
	t.firm, t.granted, t.err = false, false, nil
	w.push(t)
	return t
}

// waitBeside is wait for a goroutine beside the loop s. The loop calls arrived
// once the ticket is in line; effect is called, on the loop, when it is granted:
// then the wait ends well, whatever ends the context at the same time.
func (w *line) waitBeside(ctx context.Context, s Scheduler, effect, arrived func()) error {
	t := &ticket{far: New[struct{}](s), effect: effect}
	t.far.onCancel = t.leave
	err := s.Post(func() {
		if !t.far.Done() {
			w.push(t)
			arrived()
		}
	})
	if err != nil {
		return err
	}
	if _, err = t.far.Await(ctx); err == nil {
		return t.err
	}
	if t.taken.CompareAndSwap(waiting, leaving) {
		return err
	}
	// The loop is inside grant, or past it.
	if _, err = t.far.Await(context.Background()); err != nil {
		return err
	}
	return t.err
}

// grant ends the wait of the first that still waits and returns its ticket, nil
// if there is none. Without an error it is granted what it waits for.
func (w *line) grant(err error) *ticket {
	for t := w.head; t != nil; t = t.next {
		if !t.claim() {
			continue
		}
		t.leave()
		t.granted, t.err = true, err
		t.wake()
		return t
	}
	return nil
}

// grantAll ends the wait of everybody.
func (w *line) grantAll(err error) {
	for w.grant(err) != nil {
	}
}

// claim reports whether the ticket can be granted: its task is not being
// cancelled, its goroutine has not left.
func (t *ticket) claim() bool {
	if t.far != nil {
		return t.taken.CompareAndSwap(waiting, granting)
	}
	return t.live()
}

// live reports whether the ticket's wait is not about to end otherwise.
func (t *ticket) live() bool {
	if t.far != nil {
		return t.taken.Load() == waiting
	}
	return t.firm || t.coro.status == parked
}

// live counts the live tickets.
func (w *line) live() (n int) {
	for t := w.head; t != nil; t = t.next {
		if t.live() {
			n++
		}
	}
	return n
}

// serve grants to the first that still waits and reports whether there was one. A
// task comes for what it was granted later, and is counted in promised.
func (w *line) serve(promised *int) bool {
	t := w.grant(nil)
	if t != nil && t.far == nil {
		*promised++
	}
	return t != nil
}

func (t *ticket) wake() {
	if t.far == nil {
		t.coro.Wake()
		return
	}
	if t.effect != nil && t.err == nil {
		t.effect()
	}
	t.far.SetResult(struct{}{})
}

func (w *line) push(t *ticket) {
	t.line, t.prev, t.next = w, w.tail, nil
	if w.tail == nil {
		w.head = t
	} else {
		w.tail.next = t
	}
	w.tail = t
	w.length++
}

// leave takes the ticket out of its line, if it stands in one.
func (t *ticket) leave() {
	w := t.line
	if w == nil {
		return
	}
	if t.prev == nil {
		w.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		w.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next, t.line = nil, nil, nil
	w.length--
}
