package eventloop

import "runtime"

// ownThread is a goroutine that is locked to its thread for the life of a loop:
// io_uring serves one thread only, and coroutines must go on under the
// thread-lock state in which they were made. Loops without one run on a
// goroutine that is made for each run.
type ownThread struct {
	work chan func()
}

func newOwnThread() *ownThread {
	t := &ownThread{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		t.serve()
	}()
	return t
}

// serve runs what it is given until end. A callback's Goexit ends its work, but
// must not end the goroutine, and the thread with it: the deferred call goes on
// serving, and the Goexit with its own way only after end.
func (t *ownThread) serve() {
	ended := false
	defer func() {
		if !ended {
			t.serve()
		}
	}()
	for fn := range t.work {
		fn()
	}
	ended = true
}

// end lets the goroutine end once it has nothing to do.
func (t *ownThread) end() { close(t.work) }

// start runs fn on the goroutine of the loop and does not wait for it.
func (l *Loop) start(fn func()) {
	if l.thread == nil {
		go fn()
		return
	}
	l.thread.work <- fn
}

// onThread runs fn on the loop's thread and waits for it. On that thread it runs
// at once; while somebody else uses a running loop it does not run, because that
// is misuse and would wait for the loop to stop.
func (l *Loop) onThread(fn func()) {
	switch {
	case l.tasks.OnLoop():
		fn()
	case l.phase.Load() != active:
		done := make(chan struct{})
		l.thread.work <- func() {
			defer close(done)
			fn()
		}
		<-done
	}
}
