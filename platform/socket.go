package platform

import (
	"net"
	"os"
	"sync"
	"syscall"
)

// A Socket is a restricted view of a socket that somebody else owns: a
// transport's, through ExtraInfo("socket"), or a server's. It can ask and set
// what does not disturb the owner; it can neither close the socket nor change
// its blocking mode, receive or send.
//
// A Socket may be used from any goroutine. Once its owner has closed the socket
// all methods return net.ErrClosed: a view never reaches the next descriptor of
// the same number. The zero Socket is one whose owner has closed it.
type Socket struct {
	mu   sync.RWMutex // held for reading during every system call: Release waits
	open bool
	fd   int
}

// NewSocket returns a view of fd, which stays the caller's. Its owner must call
// Release before closing fd.
func NewSocket(fd int) *Socket {
	return &Socket{open: true, fd: fd}
}

// Release ends the view: it waits for calls in progress, and every later one
// gets net.ErrClosed. It is for the owner of the descriptor, right before it
// closes it; calling it elsewhere only makes the view useless. Releasing again
// is harmless.
func (s *Socket) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
}

// with runs f on the descriptor while it can not be released.
func (s *Socket) with(f func(fd int) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.open {
		return net.ErrClosed
	}
	return f(s.fd)
}

// FD returns the descriptor's number, ^uintptr(0) once released. The number is
// for identification; a system call made with it may hit another file if the
// owner closes meanwhile. Dup gives one that is safe.
func (s *Socket) FD() uintptr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.open {
		return ^uintptr(0)
	}
	return uintptr(s.fd)
}

// LocalAddr asks the kernel for the address that the socket is bound to; nil
// once released.
func (s *Socket) LocalAddr() net.Addr { return s.name(LocalName) }

// RemoteAddr asks the kernel for the address that the socket is connected to;
// nil if it is not connected, or not any more, and once released.
func (s *Socket) RemoteAddr() net.Addr { return s.name(PeerName) }

func (s *Socket) name(ask func(fd int) (Sockaddr, error)) net.Addr {
	var addr net.Addr
	_ = s.with(func(fd int) error {
		name, err := ask(fd)
		if err != nil {
			return err
		}
		sotype, err := SocketType(fd)
		if err != nil {
			return err
		}
		addr = name.NetAddr(networkOf(name, sotype))
		return nil
	})
	return addr
}

func networkOf(name Sockaddr, sotype int) string {
	switch {
	case name.IsUnix() && sotype == syscall.SOCK_DGRAM:
		return "unixgram"
	case name.IsUnix() && sotype == syscall.SOCK_SEQPACKET:
		return "unixpacket"
	case name.IsUnix():
		return "unix"
	case sotype == syscall.SOCK_DGRAM:
		return "udp"
	}
	return "tcp"
}

// Type returns SOCK_STREAM, SOCK_DGRAM and so on.
func (s *Socket) Type() (int, error) { return s.ask(SocketType) }

// Family returns AF_INET, AF_INET6 or AF_UNIX.
func (s *Socket) Family() (int, error) { return s.ask(SocketFamily) }

func (s *Socket) ask(question func(fd int) (int, error)) (answer int, err error) {
	err = s.with(func(fd int) error {
		answer, err = question(fd)
		return os.NewSyscallError("getsockopt", err)
	})
	return answer, err
}

// GetsockoptInt returns the value of an option that is an int; an
// *os.SyscallError if the kernel refuses.
func (s *Socket) GetsockoptInt(level, option int) (int, error) {
	return s.ask(func(fd int) (int, error) { return getsockoptInt(fd, level, option) })
}

// SetsockoptInt sets an option that is an int; an *os.SyscallError if the kernel
// refuses.
func (s *Socket) SetsockoptInt(level, option, value int) error {
	return s.with(func(fd int) error {
		return os.NewSyscallError("setsockopt", setsockoptInt(fd, level, option, value))
	})
}

// Shutdown ends one half of the connection or both: SHUT_RD, SHUT_WR, SHUT_RDWR.
// The transport notices as if the peer had done it; what it still buffers is
// lost if the sending half is shut.
func (s *Socket) Shutdown(how int) error {
	return s.with(func(fd int) error {
		return os.NewSyscallError("shutdown", shutdown(fd, how))
	})
}

// Dup returns a file with a descriptor of its own, closed on exec, that stays
// open when the transport closes; the caller closes it. Blocking mode and options
// are shared with the original: leave them alone.
func (s *Socket) Dup() (*os.File, error) {
	var file *os.File
	err := s.with(func(fd int) error {
		dup, err := DupFD(fd)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		file = os.NewFile(uintptr(dup), "socket")
		return nil
	})
	return file, err
}
