package future

import "context"

// An Event is a flag to wait for. Wait may be called from any goroutine, the
// other methods belong to the loop's: elsewhere it is l.Post(event.Set). Events
// are made by [NewEvent].
type Event struct {
	sched Scheduler
	set   bool
	line  line
}

// NewEvent returns an event of the loop s that is not set.
func NewEvent(s Scheduler) *Event { return &Event{sched: s} }

// Wait waits until the event is set. It returns nil also if the event was set
// and cleared again before the caller had its turn. The errors are those of
// [Lock.Acquire].
func (e *Event) Wait(ctx context.Context) error {
	c, near, err := e.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return err
	case !near:
		return e.line.waitBeside(ctx, e.sched, nil, e.dispense)
	case e.set:
		return nil
	case c == nil:
		return ErrAwaitOnLoop
	}
	_, err = e.line.wait(ctx, c)
	return err
}

// Set sets the event and ends the wait of all who wait now, in the order in
// which they came. If it is set already, nothing happens.
func (e *Event) Set() {
	e.set = true
	e.dispense()
}

// Clear takes Set back: who comes now waits for the next.
func (e *Event) Clear() { e.set = false }

// IsSet reports whether the event is set.
func (e *Event) IsSet() bool { return e.set }

func (e *Event) dispense() {
	if e.set {
		e.line.grantAll(nil)
	}
}
