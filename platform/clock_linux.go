package platform

import (
	"time"

	"golang.org/x/sys/unix"
)

// askClock returns 1 ns where the kernel has high-resolution timers and the
// length of a jiffy where it has not (clock_getres(2)).
func askClock() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC, &ts); err != nil || ts.Nano() <= 0 {
		start := time.Now()
		return measureClock(func() time.Duration { return time.Since(start) })
	}
	return time.Duration(ts.Nano())
}
