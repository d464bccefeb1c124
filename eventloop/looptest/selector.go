package looptest

import (
	"sync/atomic"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// waitable is what a selector.Selector and a proactor.Proactor have in common.
type waitable[E any] interface {
	Wait(until time.Time, park func() bool) ([]E, error)
	Wake()
}

// waiter waits by a Clock: the inner one looks for events, and never knows how
// long it is to wait.
type waiter[E any] struct {
	inner waitable[E]
	clock *Clock
	grace time.Duration // of AutoJump; zero: it never jumps
	woken atomic.Bool
}

// Wrap returns a selector that waits for the descriptors of inner and for times
// of clock, for a SelectorConfig whose Clock is the same. With a positive
// autoJump it moves the clock itself, as Options.AutoJump says. Inner belongs to
// it from then on.
func Wrap(inner selector.Selector, clock *Clock, autoJump time.Duration) selector.Selector {
	w := &clockedSelector{inner, waiter[selector.Event]{inner: inner, clock: clock, grace: autoJump}}
	clock.attach(w.Wake)
	return w
}

// WrapProactor is Wrap for a ProactorConfig.
func WrapProactor(inner proactor.Proactor, clock *Clock, autoJump time.Duration) proactor.Proactor {
	w := &clockedProactor{inner, waiter[proactor.Completion]{inner: inner, clock: clock, grace: autoJump}}
	clock.attach(w.Wake)
	return w
}

type clockedSelector struct {
	selector.Selector
	waiter waiter[selector.Event]
}

// Wait implements selector.Selector.
func (s *clockedSelector) Wait(until time.Time, park func() bool) ([]selector.Event, error) {
	return s.waiter.wait(until, park)
}

// Wake implements selector.Selector.
func (s *clockedSelector) Wake() { s.waiter.wake() }

type clockedProactor struct {
	proactor.Proactor
	waiter waiter[proactor.Completion]
}

// Wait implements proactor.Proactor.
func (p *clockedProactor) Wait(until time.Time, park func() bool) ([]proactor.Completion, error) {
	return p.waiter.wait(until, park)
}

// Unwrap is for proactor.As.
func (p *clockedProactor) Unwrap() proactor.Proactor { return p.Proactor }

// Wake implements proactor.Proactor.
func (p *clockedProactor) Wake() { p.waiter.wake() }

func (w *waiter[E]) wait(until time.Time, park func() bool) ([]E, error) {
	switch {
	case park == nil || w.clock.due(until):
		return w.inner.Wait(time.Time{}, nil)
	case w.grace > 0 && !until.IsZero():
		return w.waitOrJump(until, park)
	}
	return w.inner.Wait(time.Time{}, w.parkUntil(until, park))
}

// parkUntil looks at the clock once more after park: an Advance before that was
// not yet obliged to wake this Wait, one after it is.
func (w *waiter[E]) parkUntil(until time.Time, park func() bool) func() bool {
	return func() bool { return park() && !w.clock.due(until) }
}

// waitOrJump gives other goroutines the grace time to send something, and jumps
// if nothing came. A Wake means that something did, although Wait returns no
// event for it.
func (w *waiter[E]) waitOrJump(until time.Time, park func() bool) ([]E, error) {
	parked := false
	limit := time.Now().Add(w.grace)
	events, err := w.inner.Wait(limit, func() bool {
		w.woken.Store(false)
		parked = w.parkUntil(until, park)()
		return parked
	})
	if parked && err == nil && len(events) == 0 && !w.woken.Load() && !time.Now().Before(limit) {
		w.clock.jump(until)
	}
	return events, err
}

func (w *waiter[E]) wake() {
	w.woken.Store(true)
	w.inner.Wake()
}
