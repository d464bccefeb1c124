package eventloop

import (
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

// A Clock tells a loop the time. It must not go backwards. Now is called on the
// loop's goroutine and by Loop.Now from any other. With a clock of your own the
// selector must be one that waits by it: eventloop/looptest has both.
type Clock interface {
	Now() time.Time
	// Resolution is the clock's tick: a timer that is due within it counts as
	// due.
	Resolution() time.Duration
}

// systemClock is the monotonic clock of the system.
type systemClock struct{ resolution time.Duration }

func newSystemClock() systemClock {
	return systemClock{platform.ClockResolution()}
}

func (systemClock) Now() time.Time              { return time.Now() }
func (c systemClock) Resolution() time.Duration { return c.resolution }
