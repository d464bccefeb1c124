package subprocess

import "os"

// A GoroutineWatcher waits for every child in a goroutine of its own, which is
// blocked in the system call for as long as the child runs: it costs a thread
// for each. It works everywhere, needs nothing of the loop but Post, and disturbs
// nobody.
type GoroutineWatcher struct{ family }

var _ ChildWatcher = (*GoroutineWatcher)(nil)

// NewGoroutineWatcher returns a watcher that is ready.
func NewGoroutineWatcher() *GoroutineWatcher {
	return &GoroutineWatcher{newFamily("goroutine")}
}

// AddChildHandler implements ChildWatcher. Any goroutine.
func (w *GoroutineWatcher) AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error {
	return w.register(l, p, exited, func(c *child) { go w.wait(c) })
}
