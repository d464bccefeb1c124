package subprocess

import (
	"os"
	"sync"

	"github.com/tidemill-go/tidemill/platform"
)

// A PidFDWatcher makes a descriptor of the process a reader of the child's loop:
// no signals, no threads (contract L35). A loop that is not running hears of
// nothing; the child is reaped when it runs again or is closed.
//
// A child falls back to a goroutine that waits, as with GoroutineWatcher, where
// that is not to be had: no descriptor is left, the loop has no readers or takes
// no more, it does not say when it is closed, or it is closed while the child
// runs.
type PidFDWatcher struct {
	family
	readersMu sync.Mutex
	readers   map[*child]*pidReader
}

var _ ChildWatcher = (*PidFDWatcher)(nil)

// pidReader is a duplicate of a process's descriptor in a loop. Whoever takes it
// out of the watcher's map closes it and sees to the child.
type pidReader struct {
	watcher *PidFDWatcher
	child   *child
	loop    Loop
	fd      int
	forget  func() // takes back the loop's promise to tell when it is closed
}

// closeTeller is a loop that says when it is closed; *eventloop.Loop is one.
// Without that a child would stay a zombie whose loop is closed before its end.
type closeTeller interface {
	WhenClosed(fn func()) (forget func(), err error)
}

// NewPidFDWatcher returns a watcher that is ready; *platform.UnsupportedError
// where the system has no descriptors of processes.
func NewPidFDWatcher() (*PidFDWatcher, error) {
	if err := platform.For(platform.Target{}).Check(platform.ChildWatcherPidFD); err != nil {
		return nil, err
	}
	return &PidFDWatcher{family: newFamily("pidfd"), readers: make(map[*child]*pidReader)}, nil
}

// AddChildHandler implements ChildWatcher. Any goroutine.
func (w *PidFDWatcher) AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error {
	c, isNew, err := w.add(l, p, exited)
	switch {
	case err != nil:
		return err
	case isNew:
		w.watch(c, l)
	default:
		w.move(c, l)
		w.replaced(c)
	}
	return nil
}

// watch makes l watch a child, or a goroutine wait for it.
func (w *PidFDWatcher) watch(c *child, l Loop) {
	r, ok := w.newReader(c, l)
	if !ok {
		go w.wait(c)
		return
	}
	// Posted, because the loop's goroutine alone may add a reader.
	if err := l.Post(r.begin); err != nil {
		r.giveUp()
	}
}

func (w *PidFDWatcher) newReader(c *child, l Loop) (*pidReader, bool) {
	teller, ok := l.(closeTeller)
	if !ok {
		return nil, false
	}
	fd, err := duplicateHandle(c.process)
	if err != nil {
		return nil, false
	}
	r := &pidReader{watcher: w, child: c, loop: l, fd: fd}
	w.readersMu.Lock()
	defer w.readersMu.Unlock()
	if r.forget, err = teller.WhenClosed(r.giveUp); err != nil {
		_ = platform.CloseFD(fd)
		return nil, false
	}
	w.readers[c] = r
	return r, true
}

// duplicateHandle returns a descriptor of its own for a process: that of package
// os is closed by Wait, on whatever goroutine, and a descriptor that a selector
// watches must not be.
func duplicateHandle(p *os.Process) (fd int, err error) {
	if failed := p.WithHandle(func(handle uintptr) { fd, err = platform.DupFD(int(handle)) }); failed != nil {
		return -1, failed
	}
	return fd, err
}

// take takes the reader out and reports whether it was still there.
func (r *pidReader) take() bool {
	r.watcher.readersMu.Lock()
	defer r.watcher.readersMu.Unlock()
	if r.watcher.readers[r.child] != r {
		return false
	}
	delete(r.watcher.readers, r.child)
	r.forget()
	return true
}

// begin is on the loop's goroutine.
func (r *pidReader) begin() {
	r.watcher.readersMu.Lock()
	current := r.watcher.readers[r.child] == r
	r.watcher.readersMu.Unlock()
	if !current {
		return
	}
	if err := r.loop.AddReader(uintptr(r.fd), r.readable); err != nil {
		r.giveUp()
	}
}

// giveUp leaves the child to a goroutine.
func (r *pidReader) giveUp() {
	if r.take() {
		_ = platform.CloseFD(r.fd)
		go r.watcher.wait(r.child)
	}
}

// end takes the reader out of its loop, on that one's goroutine.
func (r *pidReader) end() {
	// Before the close: the selector knows the open file, which package os has too.
	_, _ = r.loop.RemoveReader(uintptr(r.fd))
	_ = platform.CloseFD(r.fd)
}

// readable is the reader. The process has ended, which does not mean that it can
// be reaped: a tracer has it first, and the loop must not wait for that one.
func (r *pidReader) readable() {
	reapable, err := platform.EndedPidFD(r.fd)
	if !r.take() {
		return
	}
	r.end()
	if err == nil && !reapable {
		go r.watcher.wait(r.child)
		return
	}
	state, err := r.child.process.Wait()
	r.watcher.reaped(r.child, state, err)
	r.watcher.call(r.child, r.loop)
}

// move follows a handler that was replaced by one of another loop: the one before
// may not be running any more.
func (w *PidFDWatcher) move(c *child, l Loop) {
	w.readersMu.Lock()
	r := w.readers[c]
	w.readersMu.Unlock()
	if r == nil || r.loop == l || !r.take() {
		return
	}
	if err := r.loop.Post(r.end); err != nil {
		_ = platform.CloseFD(r.fd)
	}
	w.watch(c, l)
}
