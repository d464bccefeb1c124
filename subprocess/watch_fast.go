package subprocess

import (
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// A FastWatcher listens to SIGCHLD and then reaps whichever child of the process
// has ended, so that the work does not grow with the number of children (contract
// L37).
//
// It steals. As long as it has a child, every other child of the program is reaped
// too, with a warning: Wait and Run of os/exec fail with ECHILD for it, other
// watchers report 255, and C libraries lose theirs. It is for programs that start
// children in no other way, and never a default. Children must be started between
// Begin and the function that it returns: nobody's child is taken meanwhile, as it
// may be the one to be added.
type FastWatcher struct {
	family
	signal sigchld

	reapMu  sync.Mutex
	running map[int]*child
	begins  int // that have not ended
}

var _ ChildWatcher = (*FastWatcher)(nil)

// NewFastWatcher returns a watcher that is ready; *platform.UnsupportedError
// where a child can not be asked without reaping it: Windows, macOS, OpenBSD.
func NewFastWatcher() (*FastWatcher, error) {
	if err := platform.For(platform.Target{}).Check(platform.ChildWatcherSIGCHLD); err != nil {
		return nil, err
	}
	w := &FastWatcher{family: newFamily("fast"), running: make(map[int]*child)}
	w.signal.heard = w.sweep
	return w, nil
}

// Begin implements ChildWatcher.
func (w *FastWatcher) Begin() (end func(), err error) {
	finish, err := w.family.Begin()
	if err != nil {
		return nil, err
	}
	w.reapMu.Lock()
	w.begins++
	w.reapMu.Unlock()
	return sync.OnceFunc(func() {
		finish()
		w.reapMu.Lock()
		w.begins--
		w.reapMu.Unlock()
		w.sweep() // for the signals that came meanwhile
	}), nil
}

// AddChildHandler implements ChildWatcher. Any goroutine.
func (w *FastWatcher) AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error {
	return w.register(l, p, exited, w.watch)
}

// watch listens first and looks then: the child may have ended before (L31).
func (w *FastWatcher) watch(c *child) {
	w.signal.hold()
	w.reapMu.Lock()
	before := w.running[c.pid]
	w.running[c.pid] = c
	found := w.look(c.pid)
	w.reapMu.Unlock()
	if before != nil { // its number is in use again, so it is reaped
		w.deal(&catch{child: before, err: syscall.ECHILD})
	}
	w.deal(found)
}

// catch is what one look has found: a child that was added, or another's.
type catch struct {
	child *child
	state *os.ProcessState
	err   error

	pid, code int // of another's
}

// sweep reaps everything that has ended; while something is begun, only what was
// added: then the others are left as zombies, and each known child is asked.
func (w *FastWatcher) sweep() {
	w.reapMu.Lock()
	var known []int
	if w.begins > 0 {
		known = slices.Collect(maps.Keys(w.running))
	}
	w.reapMu.Unlock()
	for _, pid := range known {
		w.deal(w.lookAgain(pid))
	}
	for found := w.lookAgain(0); found != nil; found = w.lookAgain(0) {
		w.deal(found)
	}
}

// lookAgain is look with the lock, which is held over the look and the reaping, so
// that no child is added in between; neither waits.
func (w *FastWatcher) lookAgain(pid int) *catch {
	w.reapMu.Lock()
	defer w.reapMu.Unlock()
	if pid == 0 && (w.begins > 0 || len(w.running) == 0) {
		return nil
	}
	return w.look(pid)
}

// look reaps a child that has ended: the one of a number that was added or, for
// 0, any.
func (w *FastWatcher) look(pid int) *catch {
	ended, err := platform.EndedChild(pid)
	switch {
	case err != nil && pid == 0, err == nil && ended == 0:
		return nil
	case err != nil: // somebody else was faster
		ended = pid
	}
	c := w.running[ended]
	delete(w.running, ended)
	switch {
	case c != nil && err != nil:
		return &catch{child: c, err: err}
	case c != nil:
		state, err := c.process.Wait()
		return &catch{child: c, state: state, err: err}
	case pid != 0:
		return nil // it was not there any more
	}
	code, err := reapUnknown(ended)
	if err != nil {
		return &catch{}
	}
	return &catch{pid: ended, code: code}
}

func (w *FastWatcher) deal(found *catch) {
	switch {
	case found == nil:
	case found.child != nil:
		w.signal.release()
		w.reaped(found.child, found.state, found.err)
		w.post(found.child)
	case found.pid != 0:
		w.warn("reaped a child that nobody has added; who waits for it will not learn its status",
			"pid", found.pid, "returnCode", found.code)
	}
}
