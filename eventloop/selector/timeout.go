package selector

import (
	"time"
)

// longest is how long one system call may be asked to wait (A18). poll counts
// milliseconds in 32 bits, and some systems refuse a select of years.
const longest = 24 * time.Hour

// due reports whether there is nothing left to wait for. The zero time is never
// due.
func due(until time.Time) bool {
	return !until.IsZero() && time.Until(until) <= 0
}

// remaining is what is left, in whole units. It is rounded up, because a wait
// cut short is followed by another one of zero, and that by the next until the
// time has come (A19). Negative means for ever.
func remaining(until time.Time, unit time.Duration) time.Duration {
	if until.IsZero() {
		return -1
	}
	left := min(max(time.Until(until), 0), longest)
	return (left + unit - 1) / unit * unit
}
