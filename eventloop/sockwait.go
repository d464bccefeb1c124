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
}

// hold takes a socket for a call. closing is called by the loop when the program
// closes the socket meanwhile. Errors: ErrInvalidState for a socket that is not
// the program's, or while another call waits for the same side of it (otherwise
// the first would never end, contract C20); net.ErrClosed.
func (l *Loop) hold(op platform.Operation, which side, s *platform.Socket, closing func()) (*heldSocket, error) {
	// On a closed loop nobody waits: shut has let go of everything.
	fd, release, err := s.Use(func() { _ = l.Post(closing) })
	if errors.Is(err, platform.ErrNotOwner) {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalidState, op, err)
	}
	if err != nil {
		return nil, err
	}
	if l.driver.awaited(which, fd) {
		release()
		return nil, fmt.Errorf("%w: %s while another call waits for the socket", ErrInvalidState, op)
	}
	return &heldSocket{loop: l, op: op, which: which, socket: s, fd: fd, release: release}, nil
}

// await calls ready whenever the socket is, until unwait or free.
func (h *heldSocket) await(ready func()) error {
	if h.waits {
		return nil
	}
	if h.loop.driver.watched(h.which, h.fd) {
		return fmt.Errorf("%w: %s has to wait for a socket that AddReader or AddWriter watches", ErrInvalidState, h.op)
	}
	if err := h.loop.driver.await(h.which, h.fd, ready, h.release); err != nil {
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
	h.release()
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

// await is addWatcher for a raw socket call.
func (d *readinessDriver) await(which side, fd int, ready, abandoned func()) error {
	if err := d.addWatcher(which, fd, ready); err != nil {
		return err
	}
	_, s := d.owner(fd)
	s.rare.watcher(which).abandoned = abandoned
	return nil
}

// awaited reports whether a raw socket call waits for that side.
func (d *readinessDriver) awaited(which side, fd int) bool {
	_, s := d.owner(fd)
	return s != nil && s.rare != nil && s.rare.watcher(which).abandoned != nil
}

// watched reports whether anybody does.
func (d *readinessDriver) watched(which side, fd int) bool {
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
