package platform

import "time"

// ClockResolution returns the tick of the running system's monotonic clock, the
// one behind time.Now: what the system says, or, where it says nothing, what a
// short measurement finds. It is asked once per process and never zero.
func ClockResolution() time.Duration { return askedClock() }

// measureClock returns the smallest of a few steps of the clock. It spins for
// that many ticks: microseconds on Unix.
func measureClock(now func() time.Duration) time.Duration {
	smallest := time.Duration(0)
	for range 5 {
		start := now()
		step := now() - start
		for step <= 0 {
			step = now() - start
		}
		if smallest == 0 || step < smallest {
			smallest = step
		}
	}
	return smallest
}
