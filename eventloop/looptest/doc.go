// Package looptest is for specs of programs that use an event loop: the real
// Loop over a real selector, with a clock that moves only when told to.
//
//	l, clock, err := looptest.New("poll", nil)
//	...
//	l.CallLater(time.Hour, ring)
//	clock.Advance(time.Hour)
//	err = looptest.RunOnce(l) // ring has been called
//
// Descriptors, calls from other goroutines and Stop work as always; only what
// waits for time waits for Advance. A loop that is blocked when the clock is
// advanced wakes up and runs what is due.
//
// With AutoJump nobody has to call Advance: whenever the loop has nothing to do
// until its next timer, the clock jumps there, so that a task which sleeps for
// an hour takes a millisecond.
//
// What is not the loop's goes by the system's clock as before: Sleep outside a
// task, contexts with a timeout, SetDeadline of package net, and debug mode's
// slow callbacks.
package looptest
