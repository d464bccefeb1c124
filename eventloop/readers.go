package eventloop

import (
	"fmt"
	"math"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// watcher is a program's reader or writer. The serial tells a queued call of a
// callback that was replaced or removed meanwhile (contract C2, C5).
type watcher struct {
	fn     func()
	serial uint32
	// abandoned is not nil while a raw socket call has this side for itself; it is
	// called if the loop closes first.
	abandoned func()
}

// side picks the reader or the writer of a descriptor.
type side bool

const (
	readerSide side = false
	writerSide side = true
)

func (r *rare) watcher(which side) *watcher {
	if which == writerSide {
		return &r.writer
	}
	return &r.reader
}

// AddReader calls fn in every iteration in which fd is readable, at its end, or
// has failed, until RemoveReader: level-triggered. A second AddReader replaces
// the first. fd stays the program's; remove it before closing it.
//
// Errors: *platform.UnsupportedError where the loop has no readers; ErrLoopClosed;
// ErrInvalidState for a descriptor that a transport owns and has not begun to
// close; *net.OpError around EBADF for a negative or closed descriptor, and
// around EPERM for a regular file on epoll.
func (l *Loop) AddReader(fd uintptr, fn func()) error {
	return l.watch(platform.AddReader, readerSide, fd, fn)
}

// AddWriter calls fn in every iteration in which fd is writable or has failed,
// until RemoveWriter. The rest is as for AddReader.
func (l *Loop) AddWriter(fd uintptr, fn func()) error {
	return l.watch(platform.AddWriter, writerSide, fd, fn)
}

// RemoveReader reports whether there was a reader of fd. On a closed loop there
// is none. Errors: *platform.UnsupportedError, and ErrInvalidState as AddReader.
func (l *Loop) RemoveReader(fd uintptr) (bool, error) {
	return l.unwatch(platform.RemoveReader, readerSide, fd)
}

// RemoveWriter reports whether there was a writer of fd; see RemoveReader.
func (l *Loop) RemoveWriter(fd uintptr) (bool, error) {
	return l.unwatch(platform.RemoveWriter, writerSide, fd)
}

func (l *Loop) watch(op platform.Operation, which side, fd uintptr, fn func()) error {
	if err := l.table.Check(op); err != nil {
		return err
	}
	switch {
	case l.phase.Load() == closed:
		return fmt.Errorf("%w: %s", ErrLoopClosed, op)
	case fn == nil:
		return fmt.Errorf("%w given to %s", errNilCallback, op)
	case fd > math.MaxInt32:
		return watchError(op, syscall.EBADF)
	}
	if l.debug.Load() {
		l.mustBeOnLoop(string(op))
	}
	if err := l.driver.mayWatch(op, which, int(fd)); err != nil {
		return err
	}
	if err := l.driver.addWatcher(which, int(fd), fn); err != nil {
		return watchError(op, err)
	}
	return nil
}

func (l *Loop) unwatch(op platform.Operation, which side, fd uintptr) (bool, error) {
	if err := l.table.Check(op); err != nil {
		return false, err
	}
	if l.phase.Load() == closed || fd > math.MaxInt32 {
		return false, nil
	}
	if l.debug.Load() {
		l.mustBeOnLoop(string(op))
	}
	if err := l.driver.mayWatch(op, which, int(fd)); err != nil {
		return false, err
	}
	return l.driver.removeWatcher(which, int(fd)), nil
}

func watchError(op platform.Operation, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError("watch", errno)
	}
	return &net.OpError{Op: string(op), Net: "fd", Err: err}
}

// mayWatch refuses what a transport, a server or a connect owns, until the
// transport is closing (contract C7), and what a raw socket call waits for.
func (d *readinessDriver) mayWatch(op platform.Operation, which side, fd int) error {
	_, s := d.owner(fd)
	if s == nil || s.facts&borrowed != 0 {
		if d.taken(which, fd) {
			return fmt.Errorf("%w: %s of descriptor %d, which a raw socket call has in use", ErrInvalidState, op, fd)
		}
		return nil
	}
	if t, ok := s.user().(interface{ IsClosing() bool }); ok && t.IsClosing() {
		return nil
	}
	return fmt.Errorf("%w: %s of descriptor %d, which a transport or server owns", ErrInvalidState, op, fd)
}

func (d *readinessDriver) addWatcher(which side, fd int, fn func()) error {
	h, s := d.owner(fd)
	if s == nil {
		h = d.adopt(fd, slot{facts: borrowed})
		s = d.at(h)
	}
	w := s.extra().watcher(which)
	old := *w
	*w = watcher{fn: fn, serial: w.serial + 1, abandoned: w.abandoned}
	// The selector is told also if it seems to know: the number may have become
	// another file's since.
	err := d.register(h, s, d.interest(s))
	if err != nil {
		*w = watcher{fn: old.fn, serial: w.serial, abandoned: w.abandoned}
		d.dropIdle(h, s)
	}
	return err
}

func (d *readinessDriver) removeWatcher(which side, fd int) (was bool) {
	h, s := d.owner(fd)
	if s == nil || s.rare == nil {
		return false
	}
	w := s.rare.watcher(which)
	was = w.fn != nil
	*w = watcher{serial: w.serial + 1, abandoned: w.abandoned}
	_ = d.update(h, s) // can only take interest away
	d.dropIdle(h, s)
	return was
}

// dropIdle frees the slot of a descriptor that nobody watches any more.
func (d *readinessDriver) dropIdle(h transports.Handle, s *slot) {
	if s.facts&borrowed != 0 && s.rare.reader.isIdle() && s.rare.writer.isIdle() {
		d.forget(h)
	}
}

func (w *watcher) isIdle() bool { return w.fn == nil && w.abandoned == nil }

// watchCall is one queued call of a reader or writer.
type watchCall struct{ d *readinessDriver }

// queueWatchers queues a descriptor's reader, then its writer (contract A16),
// each as a callback of its own: if one panics the other still runs. Errors and
// hang-ups go to whichever there is (C11). It reports whether that was all.
func (d *readinessDriver) queueWatchers(e selector.Event, r *rare) bool {
	if r.reader.fn == nil && r.writer.fn == nil {
		return false
	}
	call := func(w watcher, which side) {
		bits := uint64(w.serial) << 1
		if which == writerSide {
			bits |= 1
		}
		d.loop.ready.push(entry{src: watchCall{d}, tag: e.Tag, bits: bits})
	}
	if r.reader.fn != nil && e.Ready&^selector.Writable != 0 {
		call(r.reader, readerSide)
	}
	if r.writer.fn != nil && e.Ready&(selector.Writable|selector.Failed) != 0 {
		call(r.writer, writerSide)
	}
	s := d.at(transports.Handle(e.Tag))
	return s.facts&borrowed != 0
}

func (c watchCall) find(tag, bits uint64) *watcher {
	s := c.d.at(transports.Handle(tag))
	if s == nil || s.rare == nil {
		return nil
	}
	if w := s.rare.watcher(bits&1 == 1); w.serial == uint32(bits>>1) && w.fn != nil {
		return w
	}
	return nil
}

func (c watchCall) dispatch(tag, bits uint64) {
	if w := c.find(tag, bits); w != nil {
		w.fn()
	}
}

func (c watchCall) describe(tag, bits uint64) string {
	if w := c.find(tag, bits); w != nil {
		return funcName(w.fn)
	}
	return "reader or writer that removed itself"
}
