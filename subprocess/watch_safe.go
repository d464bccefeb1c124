package subprocess

import (
	"maps"
	"os"
	"sync"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// A SafeWatcher listens to SIGCHLD and then asks every child that it knows
// (contract L36): the work of a signal grows with the number of children, and
// nobody else's children are touched. Unlike asyncio's it needs no loop in the
// main thread.
//
// It is deaf, and children stay zombies, if the program resets or ignores SIGCHLD
// through os/signal.
type SafeWatcher struct {
	family
	signal sigchld

	runningMu sync.Mutex
	running   map[int]*child // not claimed by who will reap them
}

var _ ChildWatcher = (*SafeWatcher)(nil)

// NewSafeWatcher returns a watcher that is ready; *platform.UnsupportedError
// where a child can not be asked without reaping it: Windows, macOS, OpenBSD.
func NewSafeWatcher() (*SafeWatcher, error) {
	if err := platform.For(platform.Target{}).Check(platform.ChildWatcherSIGCHLD); err != nil {
		return nil, err
	}
	w := &SafeWatcher{family: newFamily("safe"), running: make(map[int]*child)}
	w.signal.heard = w.askAll
	return w, nil
}

// AddChildHandler implements ChildWatcher. Any goroutine.
func (w *SafeWatcher) AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error {
	return w.register(l, p, exited, w.watch)
}

// watch listens first and asks then: the child may have ended before (L31).
func (w *SafeWatcher) watch(c *child) {
	w.signal.hold()
	w.runningMu.Lock()
	before := w.running[c.pid]
	w.running[c.pid] = c
	w.runningMu.Unlock()
	if before != nil { // its number is in use again, so it is reaped
		w.over(before, nil, syscall.ECHILD)
	}
	w.ask(c)
}

func (w *SafeWatcher) askAll() {
	w.runningMu.Lock()
	all := maps.Clone(w.running)
	w.runningMu.Unlock()
	for _, c := range all {
		w.ask(c)
	}
}

// ask reaps the child if it has ended. An error is the answer of one that was
// reaped by somebody else.
func (w *SafeWatcher) ask(c *child) {
	w.runningMu.Lock()
	ended, err := 0, error(nil)
	mine := w.running[c.pid] == c
	if mine {
		ended, err = platform.EndedChild(c.pid)
		mine = ended != 0 || err != nil
	}
	if mine {
		delete(w.running, c.pid)
	}
	w.runningMu.Unlock()
	if !mine {
		return
	}
	var state *os.ProcessState
	if err == nil {
		state, err = c.process.Wait()
	}
	w.over(c, state, err)
}

func (w *SafeWatcher) over(c *child, state *os.ProcessState, err error) {
	w.signal.release()
	w.reaped(c, state, err)
	w.post(c)
}
