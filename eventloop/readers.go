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

// watchers are the program's readers and writers, and its raw socket calls.
type watchers interface {
	mayWatch(op platform.Operation, which side, fd int) error
	addWatcher(which side, fd int, fn func()) error
	removeWatcher(which side, fd int) (was bool)
	watched(which side, fd int) bool
	take(which side, fd int, abandoned func())
	giveBack(which side, fd int)
	taken(which side, fd int) bool
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

// watchersWant is what the program's reader and writer are to be told.
func (r *rare) watchersWant() (want selector.Interest) {
	if r == nil {
		return 0
	}
	if r.reader.fn != nil {
		want = selector.Read
	}
	if r.writer.fn != nil {
		want |= selector.Write
	}
	return want
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
func (d *descriptors) mayWatch(op platform.Operation, which side, fd int) error {
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

func (d *descriptors) addWatcher(which side, fd int, fn func()) error {
	h, s := d.owner(fd)
	if s == nil {
		h = d.adopt(fd, slot{facts: borrowed})
		s = d.at(h)
	}
	w := s.extra().watcher(which)
	old := *w
	*w = watcher{fn: fn, serial: w.serial + 1, abandoned: w.abandoned}
	err := d.half.watch(h, s, true)
	if err != nil {
		*w = watcher{fn: old.fn, serial: w.serial, abandoned: w.abandoned}
		d.dropIdle(h, s)
	}
	return err
}

func (d *descriptors) removeWatcher(which side, fd int) (was bool) {
	h, s := d.owner(fd)
	if s == nil || s.rare == nil {
		return false
	}
	w := s.rare.watcher(which)
	was = w.fn != nil
	*w = watcher{serial: w.serial + 1, abandoned: w.abandoned}
	_ = d.half.watch(h, s, false) // can only take interest away
	d.dropIdle(h, s)
	return was
}

// dropIdle frees the slot of a descriptor that nobody watches any more.
func (d *descriptors) dropIdle(h transports.Handle, s *slot) {
	if s.facts&borrowed != 0 && s.rare.reader.isIdle() && s.rare.writer.isIdle() {
		d.half.drop(h)
	}
}

func (w *watcher) isIdle() bool { return w.fn == nil && w.abandoned == nil }

// watchCall is one queued call of a reader or writer.
type watchCall struct{ d *descriptors }

// queueWatchers queues a descriptor's reader, then its writer (contract A16), if
// it is ready for them, each as a callback of its own: if one panics the other
// still runs.
func (d *descriptors) queueWatchers(tag uint64, r *rare, readable, writable bool) {
	if readable && r.reader.fn != nil {
		d.ready.push(entry{src: watchCall{d}, tag: tag, bits: uint64(r.reader.serial) << 1})
	}
	if writable && r.writer.fn != nil {
		d.ready.push(entry{src: watchCall{d}, tag: tag, bits: uint64(r.writer.serial)<<1 | 1})
	}
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
