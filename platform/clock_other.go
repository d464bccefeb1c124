//go:build !linux && !windows

package platform

import "time"

// askClock measures: x/sys has no clock_getres for these systems.
func askClock() time.Duration {
	start := time.Now()
	return measureClock(func() time.Duration { return time.Since(start) })
}
