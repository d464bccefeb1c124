package platform

import (
	"net"
	"os"
	"syscall"
)

// A Socket is a socket for what the transports do not do: options, and the raw
// socket calls of a loop. It is one of two things.
//
// A view is of a socket that somebody else owns: a transport's, through
// ExtraInfo("socket"), or a server's. It can ask and set what does not disturb
// the owner; it can not close the socket, bind it, receive or send.
//
// A socket of the program's own comes from CreateSocket, AdoptSocket or a
// loop's SockAccept. It is non-blocking, closed on exec, and open until Close.
//
// A Socket may be used from any goroutine. Once the socket is closed all methods
// return net.ErrClosed: a Socket never reaches the next descriptor of the same
// number. The zero Socket is a view of a closed one.
type Socket struct {
	Descriptor
	own *ownership // nil: a view
}

// NewSocket returns a view of fd, which stays the caller's. Its owner must call
// Release before closing fd.
func NewSocket(fd int) *Socket {
	return &Socket{Descriptor: Descriptor{open: true, fd: fd}}
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
