package subprocess

import (
	"os"
	"sync"

	"github.com/tidemill-go/tidemill/platform"
)

// A KqueueWatcher has the kernel report the ends of children by EVFILT_PROC, to a
// kqueue of its own. One goroutine waits on it, and one thread with it, for as
// long as there are children. A child that can not be registered falls back to a
// goroutine that waits.
type KqueueWatcher struct {
	family
	open func() (exitQueue, error)

	queueMu sync.Mutex
	queue   exitQueue // nil: no child runs
	running map[int]*child
}

var _ ChildWatcher = (*KqueueWatcher)(nil)

// exitQueue is the kernel's half. A process is reported once.
type exitQueue interface {
	// add registers a process; an error if it has ended already or is not there.
	add(pid int) error

	// wait waits until processes have ended, and returns their numbers. Others
	// may be added meanwhile.
	wait() (pids []int, err error)

	close()
}

// NewKqueueWatcher returns a watcher that is ready; *platform.UnsupportedError
// where there is no kqueue.
func NewKqueueWatcher() (*KqueueWatcher, error) {
	if err := platform.For(platform.Target{}).Check(platform.ChildWatcherKqueue); err != nil {
		return nil, err
	}
	return newKqueueWatcher(openKqueue), nil
}

func newKqueueWatcher(open func() (exitQueue, error)) *KqueueWatcher {
	return &KqueueWatcher{family: newFamily("kqueue"), open: open, running: make(map[int]*child)}
}

// AddChildHandler implements ChildWatcher. Any goroutine.
func (w *KqueueWatcher) AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error {
	return w.register(l, p, exited, func(c *child) {
		if !w.watch(c) {
			// ESRCH is the answer of a zombie on some systems, and of a process on
			// its way there: a goroutine, as Wait may take a moment yet.
			go w.wait(c)
		}
	})
}

// watch registers a child and sees to it that somebody serves the queue.
func (w *KqueueWatcher) watch(c *child) bool {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	if w.running[c.pid] != nil {
		return false // the number's last owner is reaped and its event not yet taken
	}
	queue := w.queue
	if queue == nil {
		var err error
		if queue, err = w.open(); err != nil {
			return false
		}
	}
	if err := queue.add(c.pid); err != nil {
		if w.queue == nil {
			queue.close()
		}
		return false
	}
	w.running[c.pid] = c
	if w.queue == nil {
		w.queue = queue
		go w.serve(queue)
	}
	return true
}

// serve hands out ends until the last child has ended. It needs no waking: there
// is always an event to come.
func (w *KqueueWatcher) serve(queue exitQueue) {
	for {
		pids, err := queue.wait()
		ended, over := w.take(pids, err)
		// On macOS the event comes a little before the zombie, and a tracer may
		// hold it: no child is to wait for another.
		for _, c := range ended {
			go w.wait(c)
		}
		if over {
			return
		}
	}
}

// take takes children out: all of them if the queue has failed.
func (w *KqueueWatcher) take(pids []int, err error) (ended []*child, over bool) {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	if err != nil {
		for pid := range w.running {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if c := w.running[pid]; c != nil {
			delete(w.running, pid)
			ended = append(ended, c)
		}
	}
	if len(w.running) > 0 {
		return ended, false
	}
	w.queue.close()
	w.queue = nil
	return ended, true
}
