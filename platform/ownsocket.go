package platform

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// ErrNotOwner: the Socket is a view, and what was asked is its owner's to do.
var ErrNotOwner = errors.New("the socket belongs to a transport or a server")

// ownership is what a Socket knows of a descriptor that is its own. The mutex of
// the Socket guards it.
type ownership struct {
	network string
	uses    map[*use]struct{}
}

// use is one call that goes on and needs the descriptor's number to stay taken.
type use struct{ closing func() }

// Owning returns a Socket that owns fd, a non-blocking socket; network is what
// errors and addresses call it, as in package net.
func Owning(fd int, network string) *Socket {
	s := NewSocket(fd)
	s.own = &ownership{network: network, uses: map[*use]struct{}{}}
	return s
}

// CreateSocket makes a socket of the program's own. network is "tcp4", "tcp6",
// "udp4", "udp6", "unix" or "unixgram"; net.UnknownNetworkError otherwise. The
// caller closes it.
func CreateSocket(network string) (*Socket, error) {
	made, known := creatable[network]
	if !known {
		return nil, net.UnknownNetworkError(network)
	}
	fd, err := OpenSocket(made.family, made.sotype)
	if err != nil {
		return nil, socketError("socket", network, err)
	}
	return Owning(fd, network), nil
}

var creatable = map[string]struct{ family, sotype int }{
	"tcp4":     {syscall.AF_INET, syscall.SOCK_STREAM},
	"tcp6":     {syscall.AF_INET6, syscall.SOCK_STREAM},
	"udp4":     {syscall.AF_INET, syscall.SOCK_DGRAM},
	"udp6":     {syscall.AF_INET6, syscall.SOCK_DGRAM},
	"unix":     {syscall.AF_UNIX, syscall.SOCK_STREAM},
	"unixgram": {syscall.AF_UNIX, syscall.SOCK_DGRAM},
}

// AdoptSocket makes a socket of the program's own of one that another package
// has opened: a *net.TCPConn, *net.UDPConn, *net.UnixConn, one of net's
// listeners, an *os.File. The descriptor is duplicated, made non-blocking, and c
// is closed; a Unix listener's path stays. If it fails c is still the caller's:
// ENOTSOCK says that it is no socket.
func AdoptSocket(c interface {
	syscall.Conn
	io.Closer
}) (*Socket, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var s *Socket
	closed := raw.Control(func(fd uintptr) { s, err = duplicate(int(fd)) })
	if _, file := c.(*os.File); file && closed != nil {
		closed = os.ErrClosed // package os shows an error of its own here
	}
	if closed != nil {
		return nil, closed
	}
	if err != nil {
		return nil, err
	}
	if l, ok := c.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false)
	}
	// The duplicate is independent of c; how its closing goes changes nothing.
	_ = c.Close()
	return s, nil
}

func duplicate(fd int) (*Socket, error) {
	sotype, err := SocketType(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	name, err := LocalName(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	dup, err := DupFD(fd)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	if err := SetNonblock(dup); err != nil {
		CloseFD(dup)
		return nil, os.NewSyscallError("setnonblock", err)
	}
	return Owning(dup, networkOf(name, sotype)), nil
}

// Network returns the name of the socket's network as package net has it; empty
// for a view.
func (s *Socket) Network() string {
	if s.own == nil {
		return ""
	}
	return s.own.network
}

// Bind gives the socket its address, which has to be of its network:
// *net.TCPAddr, *net.UDPAddr or *net.UnixAddr. Errors: ErrNotOwner,
// *net.AddrError, *net.OpError around the errno, net.ErrClosed.
func (s *Socket) Bind(a net.Addr) error {
	return s.asOwner("bind", func(fd int) error {
		to, err := SockaddrOf(a)
		if err != nil {
			return err
		}
		return Bind(fd, to)
	})
}

// Listen makes a bound socket accept. A backlog of zero or less means the
// smallest queue that the kernel knows. Errors as Bind.
func (s *Socket) Listen(backlog int) error {
	return s.asOwner("listen", func(fd int) error { return Listen(fd, backlog) })
}

func (s *Socket) asOwner(op string, f func(fd int) error) error {
	if s.own == nil {
		return fmt.Errorf("%w: %s", ErrNotOwner, op)
	}
	if err := s.with(f); err != nil {
		return socketError(op, s.own.network, err)
	}
	return nil
}

func socketError(op, network string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: network, Err: err}
}

// Close closes a socket of the program's own. Calls of a loop that wait for it
// fail with net.ErrClosed; the descriptor itself is closed when the last of them
// has let go of it. A view is left alone: ErrNotOwner. Closing again:
// net.ErrClosed.
func (s *Socket) Close() error {
	if s.own == nil {
		return fmt.Errorf("%w: close", ErrNotOwner)
	}
	s.mu.Lock()
	if !s.open {
		s.mu.Unlock()
		return socketError("close", s.own.network, net.ErrClosed)
	}
	s.open = false
	waiting := make([]func(), 0, len(s.own.uses))
	for u := range s.own.uses {
		waiting = append(waiting, u.closing)
	}
	err := s.closeUnused()
	s.mu.Unlock()
	for _, closing := range waiting {
		closing()
	}
	return err
}

// closeUnused closes the descriptor of a closed Socket that nobody uses.
func (s *Socket) closeUnused() error {
	if len(s.own.uses) > 0 {
		return nil
	}
	if err := CloseFD(s.fd); err != nil {
		return socketError("close", s.own.network, err)
	}
	return nil
}

// Use keeps the descriptor open until release is called: a Close meanwhile only
// calls closing, on its own goroutine, and the descriptor is closed with the last
// release. It is for loops, which must not watch a number that may be given away.
// Releasing again is harmless. Errors: ErrNotOwner for a view, net.ErrClosed.
func (s *Socket) Use(closing func()) (fd int, release func(), err error) {
	if s.own == nil {
		return -1, nil, ErrNotOwner
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return -1, nil, net.ErrClosed
	}
	u := &use{closing}
	s.own.uses[u] = struct{}{}
	return s.fd, func() { s.release(u) }, nil
}

func (s *Socket) release(u *use) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, in := s.own.uses[u]; !in {
		return
	}
	delete(s.own.uses, u)
	if !s.open {
		// Nobody is left to be told: Close has returned.
		_ = s.closeUnused()
	}
}
