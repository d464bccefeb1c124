package looptest

import (
	"sync"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
)

// Clock is a clock that stands still until it is advanced. Its methods may be
// called from any goroutine.
type Clock struct {
	resolution time.Duration

	mu    sync.Mutex
	now   time.Time
	wakes []func() // of the selectors that wait by it
}

var _ eventloop.Clock = (*Clock)(nil)

// NewClock returns a clock that stands at start. Resolution is the tick that it
// claims to have: timers that are due within it count as due. Zero means an
// exact clock; a negative one panics.
func NewClock(start time.Time, resolution time.Duration) *Clock {
	if resolution < 0 {
		panic("looptest: a clock's resolution can not be negative")
	}
	return &Clock{now: start, resolution: resolution}
}

// Now implements eventloop.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Resolution implements eventloop.Clock.
func (c *Clock) Resolution() time.Duration { return c.resolution }

// Advance moves the clock forward by d and wakes the loops that wait by it, so
// that they run what is due. It does not wait for them. Zero only wakes; a
// negative d panics, because a clock does not go backwards.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic("looptest: a clock does not go backwards")
	}
	c.mu.Lock()
	c.now = c.now.Add(d)
	wakes := c.wakes
	c.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

// jump moves the clock to t unless it is there already. Other loops on the same
// clock are woken as by Advance.
func (c *Clock) jump(t time.Time) {
	if d := t.Sub(c.Now()); d > 0 {
		c.Advance(d)
	}
}

// due reports whether there is nothing left to wait for, by the same rule as the
// loop's timers. The zero time is never due.
func (c *Clock) due(until time.Time) bool {
	return !until.IsZero() && !until.After(c.Now().Add(c.resolution))
}

func (c *Clock) attach(wake func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakes = append(c.wakes[:len(c.wakes):len(c.wakes)], wake)
}
