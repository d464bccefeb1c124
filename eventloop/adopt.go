package eventloop

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// invalid is an error about an argument: os.ErrInvalid.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", os.ErrInvalid, fmt.Sprintf(format, args...))
}

// inherited is a socket of the program that is about to become ours: a
// net.Listener or net.Conn of package net, an *os.File, a *platform.Socket of the
// program's own, or anything else that is a syscall.Conn and can be closed.
type inherited struct {
	owner     io.Closer
	family    int
	listening bool
}

// examine looks at a socket that is handed over. It refuses what is not a stream
// socket, and the socket then stays with its owner.
func examine(owner io.Closer) (s inherited, err error) {
	s.owner = owner
	refused := s.with(func(fd int) { err = s.ask(fd) })
	if refused != nil {
		return s, refused
	}
	return s, err
}

// with runs fn on the descriptor, which stays open meanwhile.
func (s *inherited) with(fn func(fd int)) error {
	switch owner := s.owner.(type) {
	case *platform.Socket:
		fd, release, err := owner.Use(func() {})
		if err != nil {
			return err
		}
		defer release()
		fn(fd)
		return nil
	case syscall.Conn:
		raw, err := owner.SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(fd uintptr) { fn(int(fd)) })
	}
	return invalid("%T is no syscall.Conn", s.owner)
}

func (s *inherited) ask(fd int) error {
	sotype, err := platform.SocketType(fd)
	if err != nil || sotype != syscall.SOCK_STREAM {
		return invalid("%T is not a stream socket", s.owner)
	}
	if s.family, err = platform.SocketFamily(fd); err != nil {
		return err
	}
	s.listening, err = platform.IsListening(fd)
	return err
}

func (s *inherited) isUnix() bool { return s.family == syscall.AF_UNIX }

// goesWith reports whether the socket is of a network's kind.
func (s *inherited) goesWith(network string) bool {
	switch network {
	case "unix":
		return s.isUnix()
	case "tcp4":
		return s.family == syscall.AF_INET
	case "tcp6":
		return s.family == syscall.AF_INET6
	}
	return !s.isUnix()
}

// take returns a non-blocking descriptor of the socket and closes the owner's,
// also if that fails. A Unix listener of package net must not take its file
// along.
func (s *inherited) take() (fd int, err error) {
	gone := s.with(func(original int) { fd, err = platform.DupFD(original) })
	if u, ok := s.owner.(interface{ SetUnlinkOnClose(bool) }); ok {
		u.SetUnlinkOnClose(false)
	}
	_ = s.owner.Close()
	if gone != nil {
		return -1, gone
	}
	if err != nil {
		return -1, os.NewSyscallError("dup", err)
	}
	_ = platform.LeavePort(fd) // who can not do without it will say so
	if err := platform.SetNonblock(fd); err != nil {
		platform.CloseFD(fd)
		return -1, os.NewSyscallError("setnonblock", err)
	}
	return fd, nil
}
