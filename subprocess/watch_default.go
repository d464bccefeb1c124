package subprocess

// NewChildWatcher returns the watcher that suits the system best: pidfd, else
// kqueue, else goroutine. None of these disturbs others who wait for children.
func NewChildWatcher() ChildWatcher {
	if w, err := NewPidFDWatcher(); err == nil {
		return w
	}
	if w, err := NewKqueueWatcher(); err == nil {
		return w
	}
	return NewGoroutineWatcher()
}
