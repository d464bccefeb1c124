package subprocess

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// unknownReturnCode is that of a child whose status somebody else has taken
// (contract L32).
const unknownReturnCode = 255

// family is what the watchers have in common: the children that they know, and
// the way of an exit to its handler. Each embeds one.
//
// A child is in the map from its registration to the call of its handler. As its
// number may belong to the next process as soon as it is reaped, whoever reaps
// holds the *child and never asks the map again by number.
type family struct {
	mechanism string

	mu       sync.Mutex
	logger   *slog.Logger
	children map[int]*child
	begun    int
	closed   bool
}

// child is a process that has been added. process and pid never change; the rest
// is guarded by the family's lock.
type child struct {
	process *os.Process
	pid     int
	loop    Loop
	exited  func(pid, returnCode int) // nil: removed, dropped or called
	end     *ending                   // nil: not reaped yet
}

// ending is how a child has ended.
type ending struct {
	returnCode int
	lost       bool // somebody else has taken the status
}

func newFamily(mechanism string) family {
	return family{mechanism: mechanism, children: make(map[int]*child)}
}

// Name implements ChildWatcher.
func (f *family) Name() string { return f.mechanism }

// SetLogger sets where warnings go; nil, as at first, is slog.Default.
func (f *family) SetLogger(logger *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logger = logger
}

func (f *family) warn(message string, args ...any) {
	f.mu.Lock()
	logger := f.logger
	f.mu.Unlock()
	if logger == nil {
		logger = slog.Default()
	}
	logger.Warn(message, append([]any{"watcher", f.mechanism}, args...)...)
}

// Begin implements ChildWatcher.
func (f *family) Begin() (end func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, f.closedError("Begin")
	}
	f.begun++
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.begun--
	}), nil
}

func (f *family) closedError(method string) error {
	return fmt.Errorf("%w: %s of a %s child watcher that is closed", future.ErrInvalidState, method, f.mechanism)
}

// add registers a handler and reports whether the child is new, so that somebody
// has to begin to watch it. One that was begun before Close is still taken.
func (f *family) add(l Loop, p *os.Process, exited func(pid, returnCode int)) (c *child, isNew bool, err error) {
	if l == nil || p == nil || exited == nil || p.Pid <= 0 {
		return nil, false, fmt.Errorf("%w: AddChildHandler needs a loop, a started process and a handler", os.ErrInvalid)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed && f.begun == 0 {
		return nil, false, f.closedError("AddChildHandler")
	}
	c = f.children[p.Pid]
	// Another os.Process of the same number is another child: the one that had it
	// before was reaped, and is on its way to its own handler.
	if c == nil || c.process != p {
		c = &child{process: p, pid: p.Pid, loop: l, exited: exited}
		f.children[c.pid] = c
		return c, true, nil
	}
	c.loop, c.exited = l, exited
	return c, false, nil
}

// register is AddChildHandler of a watcher that has watch for a new child.
func (f *family) register(l Loop, p *os.Process, exited func(pid, returnCode int), watch func(*child)) error {
	c, isNew, err := f.add(l, p, exited)
	switch {
	case err != nil:
		return err
	case isNew:
		watch(c)
	default:
		f.replaced(c)
	}
	return nil
}

// replaced is AddChildHandler's second half for a child that was known: one that
// was reaped may be on its way to a loop that is not its own any more.
func (f *family) replaced(c *child) {
	f.mu.Lock()
	reaped := c.end != nil
	f.mu.Unlock()
	if reaped {
		f.post(c)
	}
}

// RemoveChildHandler implements ChildWatcher.
func (f *family) RemoveChildHandler(pid int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.children[pid]
	if c == nil || c.exited == nil {
		return false
	}
	c.exited = nil
	return true
}

// Close implements ChildWatcher. The handlers of children that were reaped before
// are still called.
func (f *family) Close() error {
	f.mu.Lock()
	dropped := 0
	for _, c := range f.children {
		if c.end == nil && c.exited != nil {
			c.exited = nil
			dropped++
		}
	}
	f.closed = true
	f.mu.Unlock()
	if dropped > 0 {
		f.warn("a child watcher was closed while children ran; nobody will hear of their ends", "children", dropped)
	}
	return nil
}

// wait waits for a child's end and reaps it. os.Process.Wait marks the process as
// done, so that a signal sent later can not hit another one of its number.
func (f *family) wait(c *child) {
	state, err := c.process.Wait()
	f.reaped(c, state, err)
	f.post(c)
}

// reaped notes how a child has ended; an error means that somebody else has taken
// the status.
func (f *family) reaped(c *child, state *os.ProcessState, err error) {
	if err == nil {
		f.ended(c, &ending{returnCode: returnCode(state)})
		return
	}
	f.ended(c, &ending{returnCode: unknownReturnCode, lost: true})
	f.warn("a child's status was taken by somebody else; its return code is reported as 255", "pid", c.pid, "err", err)
}

func (f *family) ended(c *child, end *ending) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.end = end
}

// post brings the exit of a reaped child to its loop.
func (f *family) post(c *child) {
	f.mu.Lock()
	loop, wanted := c.loop, c.exited != nil
	f.mu.Unlock()
	if !wanted {
		f.forget(c)
		return
	}
	if err := loop.Post(func() { f.call(c, loop) }); err != nil {
		f.forget(c)
		f.warn("a child has ended whose loop is closed; its handler is not called", "pid", c.pid, "err", err)
	}
}

// call is the last step, on the goroutine of a loop, which is the wrong one if
// the handler was replaced meanwhile by one of another loop.
func (f *family) call(c *child, here Loop) {
	f.mu.Lock()
	elsewhere, exited := c.loop != here, c.exited
	if !elsewhere {
		c.exited = nil
	}
	f.mu.Unlock()
	if elsewhere {
		f.post(c)
		return
	}
	f.forget(c)
	if exited != nil {
		exited(c.pid, c.end.returnCode)
	}
}

// forget takes a reaped child out. Package os does not know of the end of one
// whose status was taken by somebody else: it must not signal that number again.
// Where it has a handle of the process it can not, and Pid, which Release writes,
// may be read by others.
func (f *family) forget(c *child) {
	f.mu.Lock()
	if f.children[c.pid] == c {
		delete(f.children, c.pid)
	}
	lost := c.end.lost
	c.end.lost = false
	f.mu.Unlock()
	if lost && errors.Is(c.process.WithHandle(func(uintptr) {}), os.ErrNoHandle) {
		_ = c.process.Release() // has no error then
	}
}
