package signals

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// ErrClosed is what Add returns after Close.
var ErrClosed = errors.New("the signal handlers are closed")

// Handlers are the signal handlers of one loop. A handler runs as a callback of
// the loop, never inside the code that was interrupted (contract M1). Its methods
// may be called from any goroutine.
//
// Every signal that is handled has a goroutine, which ends with the handler's
// removal.
type Handlers struct {
	post func(fn func()) error

	mu     sync.Mutex
	table  map[syscall.Signal]*handler // nil: closed
	closed bool
}

// handler is one entry. At most one call of it waits in the loop, so that a storm
// of signals can not grow the loop's queue.
type handler struct {
	fn      func() // nil: removed
	pending bool
	stop    func()
}

// New returns an empty set. Post is the loop's: it runs a function on the loop's
// goroutine, and may refuse when the loop is closed.
func New(post func(fn func()) error) *Handlers {
	return &Handlers{post: post, table: make(map[syscall.Signal]*handler)}
}

// Add makes fn the handler of sig; a second Add replaces the first. Errors:
// os.ErrInvalid for a nil fn and for what Number refuses; ErrUncatchable for
// SIGKILL and SIGSTOP; ErrClosed. Nothing is registered then.
func (h *Handlers) Add(sig os.Signal, fn func()) error {
	if fn == nil {
		return fmt.Errorf("%w: nil signal handler", os.ErrInvalid)
	}
	number, err := catchable(sig)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	if old := h.table[number]; old != nil {
		old.fn = fn
		return nil
	}
	entry := &handler{fn: fn}
	entry.stop, err = Watch(number, func() { h.arrived(entry) })
	if err == nil {
		h.table[number] = entry
	}
	return err
}

// Remove takes a handler back and reports whether there was one. Even if its
// signal has come already, it is not called any more. Errors: os.ErrInvalid for
// what Number refuses.
func (h *Handlers) Remove(sig os.Signal) (bool, error) {
	number, err := Number(sig)
	if err != nil {
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	entry := h.table[number]
	if entry == nil {
		return false, nil
	}
	delete(h.table, number)
	entry.drop()
	return true, nil
}

// Close removes all handlers, and refuses new ones. Closing again does nothing.
func (h *Handlers) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, entry := range h.table {
		entry.drop()
	}
	clear(h.table)
	h.closed = true
}

func (e *handler) drop() {
	e.fn = nil
	e.stop()
}

// arrived runs on the goroutine of the signal.
func (h *Handlers) arrived(entry *handler) {
	h.mu.Lock()
	skip := entry.pending || entry.fn == nil
	entry.pending = true
	h.mu.Unlock()
	if skip {
		return
	}
	// An error means that the loop is closed, and then nobody is to hear of it.
	_ = h.post(func() { h.run(entry) })
}

// run runs on the loop. A signal that comes from here on is to be heard again,
// whether fn has seen it or not; and again if fn panics (contract M10, M13).
func (h *Handlers) run(entry *handler) {
	h.mu.Lock()
	fn := entry.fn
	entry.pending = false
	h.mu.Unlock()
	if fn != nil {
		fn()
	}
}
