//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setSize is FD_SETSIZE, which x/sys does not name on all systems. Linux would
// take longer sets; the C library and its users do not, and poll is there.
const setSize = int(unsafe.Sizeof(unix.FdSet{})) * 8

// A selectSelector keeps the sets that select(2) wants and gives it copies,
// because the kernel writes its answer into them. Tables are indexed by
// descriptor: there are never more than setSize.
type selectSelector struct {
	wake        wakePipe
	read, write unix.FdSet
	tags        [setSize]uint64
	watched     [setSize]bool

	// top is not below any watched descriptor. Wait brings it down again, so
	// that Remove need not search.
	top    int
	events []Event
}

var _ Selector = (*selectSelector)(nil)

func newSelect() (Selector, error) {
	s := &selectSelector{}
	if err := s.wake.open(); err != nil {
		return nil, err
	}
	if s.wake.r >= setSize {
		return nil, errors.Join(tooLarge(s.wake.r), s.wake.close())
	}
	s.read.Set(s.wake.r)
	return s, nil
}

func tooLarge(fd int) error {
	return fmt.Errorf("%w: %d is not below %d", ErrDescriptorTooLarge, fd, setSize)
}

func (s *selectSelector) Name() string        { return "select" }
func (s *selectSelector) EdgeTriggered() bool { return false }

func (s *selectSelector) Add(fd int, tag uint64, in Interest) error {
	switch {
	case s.wake.closed:
		return net.ErrClosed
	case fd >= setSize:
		return tooLarge(fd)
	}
	if err := admit(fd, in, &s.wake); err != nil {
		return err
	}
	if s.watched[fd] {
		return refused("add", fd, unix.EEXIST)
	}
	s.watched[fd] = true
	s.top = max(s.top, fd)
	s.set(fd, tag, in)
	return nil
}

func (s *selectSelector) Modify(fd int, tag uint64, in Interest) error {
	switch {
	case s.wake.closed:
		return net.ErrClosed
	case !s.watches(fd):
		return refused("modify", fd, unix.ENOENT)
	case !in.watches():
		return refused("modify", fd, unix.EINVAL)
	}
	s.set(fd, tag, in)
	return nil
}

func (s *selectSelector) Remove(fd int) error {
	switch {
	case s.wake.closed:
		return net.ErrClosed
	case !s.watches(fd):
		return refused("remove", fd, unix.ENOENT)
	}
	s.watched[fd] = false
	s.ignore(fd)
	return nil
}

func (s *selectSelector) watches(fd int) bool {
	return fd >= 0 && fd < setSize && s.watched[fd]
}

func (s *selectSelector) set(fd int, tag uint64, in Interest) {
	s.ignore(fd)
	s.tags[fd] = tag
	if in&Read != 0 {
		s.read.Set(fd)
	}
	if in&Write != 0 {
		s.write.Set(fd)
	}
}

func (s *selectSelector) ignore(fd int) {
	s.read.Clear(fd)
	s.write.Clear(fd)
}

func (s *selectSelector) Wait(until time.Time, park func() bool) ([]Event, error) {
	if s.wake.closed {
		return nil, net.ErrClosed
	}
	for s.top > 0 && !s.watched[s.top] {
		s.top--
	}
	err := s.look(0)
	if err == nil && len(s.events) == 0 && park != nil && !due(until) && park() {
		err = s.look(remaining(until, time.Microsecond))
	}
	if err != nil {
		return nil, err
	}
	return s.events, nil
}

// look makes one call of select; a negative timeout is none.
func (s *selectSelector) look(timeout time.Duration) error {
	s.events = s.events[:0]
	var tv *unix.Timeval
	if timeout >= 0 {
		t := unix.NsecToTimeval(int64(timeout))
		tv = &t
	}
	read, write := s.read, s.write
	n, err := unix.Select(max(s.top, s.wake.r)+1, &read, &write, nil, tv)
	switch err {
	case nil:
		return s.collect(n, &read, &write)
	case unix.EINTR:
		return nil
	case unix.EBADF:
		return s.expose()
	}
	return os.NewSyscallError("select", err)
}

// collect takes the n bits that the kernel left in the two sets into events.
func (s *selectSelector) collect(n int, read, write *unix.FdSet) error {
	if n > 0 && read.IsSet(s.wake.r) {
		n--
		read.Clear(s.wake.r)
		if err := s.wake.drain(); err != nil {
			return err
		}
	}
	for fd := 0; n > 0 && fd <= s.top; fd++ {
		var r Ready
		if read.IsSet(fd) {
			r = Readable
			n--
		}
		if write.IsSet(fd) {
			r |= Writable
			n--
		}
		if r != 0 {
			s.events = append(s.events, Event{Tag: s.tags[fd], Ready: r})
		}
	}
	return nil
}

// expose finds out who made select fail with EBADF, which names nobody and lets
// nobody else be reported either: the closed descriptors are reported Failed and
// left out of the sets. If there is none, its number is in use again.
func (s *selectSelector) expose() error {
	if !isOpen(s.wake.r) {
		return os.NewSyscallError("select", unix.EBADF)
	}
	for fd := range s.top + 1 {
		if (s.read.IsSet(fd) || s.write.IsSet(fd)) && !isOpen(fd) {
			s.events = append(s.events, Event{Tag: s.tags[fd], Ready: Failed})
			s.ignore(fd)
		}
	}
	return nil
}

func (s *selectSelector) Wake()        { s.wake.wake() }
func (s *selectSelector) Close() error { return s.wake.close() }
