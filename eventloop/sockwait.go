package eventloop

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// heldSocket is a socket that a raw call has in use, so that its number is not
// given away, and which it can wait for.
type heldSocket struct {
	loop    *Loop
	op      platform.Operation
	which   side
	socket  *platform.Socket
	fd      int
	release func()
	waits   bool

	// abandoned is called if the loop closes first, and has to release.
	abandoned func()
}

// hold takes one side of a socket for a call. closing is called by the loop when
// the program closes the socket meanwhile. Errors: ErrInvalidState for a socket
// that is not the program's, or while another call has that side (otherwise the
// one that waits would never end, contract C20); net.ErrClosed.
func (l *Loop) hold(op platform.Operation, which side, s *platform.Socket, closing func()) (*heldSocket, error) {
	// On a closed loop nobody waits: shut has let go of everything.
	fd, release, err := s.Use(func() { _ = l.Post(closing) })
	if errors.Is(err, platform.ErrNotOwner) {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalidState, op, err)
	}
	if err != nil {
		return nil, err
	}
	if l.driver.taken(which, fd) {
		release()
		return nil, fmt.Errorf("%w: %s while another call has the socket", ErrInvalidState, op)
	}
	h := &heldSocket{loop: l, op: op, which: which, socket: s, fd: fd, release: release, abandoned: release}
	l.driver.take(which, fd, func() { h.abandoned() })
	return h, nil
}

// await calls ready whenever the socket is, until unwait or free.
func (h *heldSocket) await(ready func()) error {
	if h.waits {
		return nil
	}
	if h.loop.driver.watched(h.which, h.fd) {
		return fmt.Errorf("%w: %s has to wait for a socket that AddReader or AddWriter watches", ErrInvalidState, h.op)
	}
	if err := h.loop.driver.addWatcher(h.which, h.fd, ready); err != nil {
		return err
	}
	h.waits = true
	return nil
}

func (h *heldSocket) unwait() {
	if h.waits {
		h.waits = false
		h.loop.driver.removeWatcher(h.which, h.fd)
	}
}

// free lets go of the socket.
func (h *heldSocket) free() {
	h.unwait()
	h.loop.driver.giveBack(h.which, h.fd)
	h.loop.driver.letGo(h.fd, h.release)
}

// sockError gives an error of a raw call its shape; misuse is left as it is.
func sockError(op string, s *platform.Socket, to net.Addr, err error) error {
	if err == nil || errors.Is(err, ErrInvalidState) {
		return err
	}
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	if to == nil {
		to = s.RemoteAddr()
	}
	return &net.OpError{Op: op, Net: s.Network(), Source: s.LocalAddr(), Addr: to, Err: err}
}

// take gives one side of a descriptor to a raw socket call.
func (d *descriptors) take(which side, fd int, abandoned func()) {
	_, s := d.owner(fd)
	if s == nil {
		s = d.at(d.adopt(fd, slot{facts: borrowed}))
	}
	s.extra().watcher(which).abandoned = abandoned
}

// giveBack ends what take began.
func (d *descriptors) giveBack(which side, fd int) {
	if h, s := d.owner(fd); s != nil && s.rare != nil {
		s.rare.watcher(which).abandoned = nil
		d.dropIdle(h, s)
	}
}

// taken reports whether a raw socket call has that side.
func (d *descriptors) taken(which side, fd int) bool {
	_, s := d.owner(fd)
	return s != nil && s.rare != nil && s.rare.watcher(which).abandoned != nil
}

// watched reports whether anybody does.
func (d *descriptors) watched(which side, fd int) bool {
	_, s := d.owner(fd)
	return s != nil && s.rare != nil && s.rare.watcher(which).fn != nil
}

// abandon tells the raw socket calls that the loop has closed.
func (r *rare) abandon() {
	for _, w := range []*watcher{&r.reader, &r.writer} {
		if w.abandoned != nil {
			w.abandoned()
		}
	}
}
