package looptest

import (
	"sync/atomic"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// waiter is a selector that waits by a Clock: the inner one looks for events,
// and never knows how long it is to wait.
type waiter struct {
	selector.Selector
	clock *Clock
	grace time.Duration // of AutoJump; zero: it never jumps
	woken atomic.Bool
}

// Wrap returns a selector that waits for the descriptors of inner and for times
// of clock, for a SelectorConfig whose Clock is the same. With a positive
// autoJump it moves the clock itself, as Options.AutoJump says. Inner belongs to
// it from then on.
func Wrap(inner selector.Selector, clock *Clock, autoJump time.Duration) selector.Selector {
	w := &waiter{Selector: inner, clock: clock, grace: autoJump}
	clock.attach(w.Wake)
	return w
}

// Wait implements selector.Selector.
func (w *waiter) Wait(until time.Time, park func() bool) ([]selector.Event, error) {
	switch {
	case park == nil || w.clock.due(until):
		return w.Selector.Wait(time.Time{}, nil)
	case w.grace > 0 && !until.IsZero():
		return w.waitOrJump(until, park)
	}
	return w.Selector.Wait(time.Time{}, w.parkUntil(until, park))
}

// parkUntil looks at the clock once more after park: an Advance before that was
// not yet obliged to wake this Wait, one after it is.
func (w *waiter) parkUntil(until time.Time, park func() bool) func() bool {
	return func() bool { return park() && !w.clock.due(until) }
}

// waitOrJump gives other goroutines the grace time to send something, and jumps
// if nothing came. A Wake means that something did, although Wait returns no
// event for it.
func (w *waiter) waitOrJump(until time.Time, park func() bool) ([]selector.Event, error) {
	parked := false
	limit := time.Now().Add(w.grace)
	events, err := w.Selector.Wait(limit, func() bool {
		w.woken.Store(false)
		parked = w.parkUntil(until, park)()
		return parked
	})
	if parked && err == nil && len(events) == 0 && !w.woken.Load() && !time.Now().Before(limit) {
		w.clock.jump(until)
	}
	return events, err
}

// Wake implements selector.Selector.
func (w *waiter) Wake() {
	w.woken.Store(true)
	w.Selector.Wake()
}
