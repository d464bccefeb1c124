package eventloop

import (
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// The raw socket calls have this in common. They work on sockets of the program's
// own (platform.CreateSocket, platform.AdoptSocket, SockAccept), which are
// non-blocking. They do what they can at once and wait for the rest without
// blocking anybody. Cancelling takes the wait back and consumes nothing; closing
// the socket ends it with net.ErrClosed. One call at a time can wait to receive
// from a socket, and one to send; AddReader and AddWriter of its descriptor are
// refused meanwhile.
//
// The futures fail with: *platform.UnsupportedError, before anything is looked
// at; os.ErrInvalid for arguments out of range; ErrInvalidState for a socket that
// a transport or server owns, and while another call waits for the same side of
// the socket; *net.OpError around net.ErrClosed or the errno; ErrLoopClosed. Any
// goroutine.

// A SockDatagram is what SockRecvfrom received.
type SockDatagram struct {
	Data []byte
	// Addr is the sender; nil on a stream.
	Addr net.Addr
}

// An AcceptedSocket is what SockAccept accepted.
type AcceptedSocket struct {
	// Socket is the caller's, to be closed.
	Socket *platform.Socket
	// Addr is the peer.
	Addr net.Addr
}

// SockRecv receives up to n bytes, n > 0, as soon as there are any. The result is
// empty at the end of a stream and for an empty datagram. Errors: see above
// SockDatagram.
func (l *Loop) SockRecv(s *platform.Socket, n int) *Future[[]byte] {
	call := &sockCall[[]byte]{
		loop: l, op: platform.SockRecv, name: "recv", which: readerSide, socket: s,
		attempt: func(fd int) ([]byte, error) {
			buf := make([]byte, n)
			n, err := platform.Recv(fd, buf)
			return buf[:max(n, 0)], err
		},
	}
	return call.startSized(n)
}

// SockRecvInto is SockRecv into buf, which belongs to the call until it is over.
// The result is the number of bytes, zero at the end of a stream. An empty buf is
// os.ErrInvalid.
func (l *Loop) SockRecvInto(s *platform.Socket, buf []byte) *Future[int] {
	call := &sockCall[int]{
		loop: l, op: platform.SockRecvInto, name: "recv", which: readerSide, socket: s,
		attempt: func(fd int) (int, error) { return platform.Recv(fd, buf) },
	}
	return call.startSized(len(buf))
}

// SockRecvfrom receives a datagram of up to n bytes, n > 0, and its sender; what
// is longer is cut off.
func (l *Loop) SockRecvfrom(s *platform.Socket, n int) *Future[SockDatagram] {
	call := &sockCall[SockDatagram]{
		loop: l, op: platform.SockRecvfrom, name: "recvfrom", which: readerSide, socket: s,
		attempt: func(fd int) (SockDatagram, error) {
			buf := make([]byte, n)
			n, from, err := platform.RecvFrom(fd, buf)
			return SockDatagram{Data: buf[:max(n, 0)], Addr: from.NetAddr(s.Network())}, err
		},
	}
	return call.startSized(n)
}

func (c *sockCall[T]) startSized(n int) *Future[T] {
	if err := c.refusal(); err != nil {
		return failed[T](c.loop, err)
	}
	if n <= 0 {
		return failed[T](c.loop, invalid("%s of %d bytes", c.op, n))
	}
	return c.start()
}

// SockSendall sends all of data, which must not be changed until the call is
// over. If it fails, how much was sent is not known.
func (l *Loop) SockSendall(s *platform.Socket, data []byte) *Future[struct{}] {
	rest := data
	call := &sockCall[struct{}]{
		loop: l, op: platform.SockSendall, name: "send", which: writerSide, socket: s,
		attempt: func(fd int) (done struct{}, err error) {
			if len(rest) == 0 {
				return done, nil
			}
			n, err := platform.Send(fd, rest)
			if err != nil {
				return done, err
			}
			if rest = rest[n:]; len(rest) > 0 {
				return done, errAgain
			}
			return done, nil
		},
	}
	return call.start()
}

// SockSendto sends data as one datagram, which must not be changed until the call
// is over, and returns its length. to is a *net.UDPAddr or *net.UnixAddr.
func (l *Loop) SockSendto(s *platform.Socket, data []byte, to net.Addr) *Future[int] {
	addr, wrong := platform.SockaddrOf(to)
	call := &sockCall[int]{
		loop: l, op: platform.SockSendto, name: "sendto", which: writerSide, socket: s, to: to,
		attempt: func(fd int) (int, error) {
			if wrong != nil {
				return 0, wrong
			}
			return len(data), platform.SendTo(fd, data, addr)
		},
	}
	return call.start()
}

// SockAccept waits for a connection to a listening socket. The accepted socket is
// the caller's. Connections whose peers have given up are passed over.
func (l *Loop) SockAccept(s *platform.Socket) *Future[AcceptedSocket] {
	call := &sockCall[AcceptedSocket]{
		loop: l, op: platform.SockAccept, name: "accept", which: readerSide, socket: s,
		attempt: func(fd int) (AcceptedSocket, error) { return accept(fd, s.Network()) },
		dispose: func(a AcceptedSocket) { _ = a.Socket.Close() },
	}
	return call.start()
}

func accept(fd int, network string) (AcceptedSocket, error) {
	for {
		accepted, peer, err := platform.Accept(fd)
		switch {
		case err == nil:
			return AcceptedSocket{Socket: platform.Owning(accepted, network), Addr: peer.NetAddr(network)}, nil
		case !platform.IsConnAborted(err):
			return AcceptedSocket{}, err
		}
	}
}

// SockConnect connects a socket to an address, as CreateConnection takes it: a
// host name is looked up without blocking the loop, and its first address of the
// socket's family is used. A socket whose connect has failed or was cancelled is
// good for nothing but Close. A Unix server whose queue is full is EAGAIN.
func (l *Loop) SockConnect(s *platform.Socket, address string) *Future[struct{}] {
	call := &sockCall[struct{}]{loop: l, op: platform.SockConnect, name: "connect", which: writerSide, socket: s}
	if err := call.refusal(); err != nil {
		return failed[struct{}](l, err)
	}
	e, err := connectable(s, address)
	if err != nil {
		return failed[struct{}](l, sockError("connect", s, nil, err))
	}
	return submit(l, func(f *Future[struct{}]) {
		giveUp := l.resolve(e, func(addrs []platform.Sockaddr, err error) {
			switch {
			case f.Done():
			case err != nil:
				f.SetError(sockError("connect", s, nil, err))
			default:
				call.connect(f, addrs[0])
			}
		})
		if !f.Done() && call.held == nil {
			f.OnCancel(giveUp)
		}
	})
}

// connectable checks an address for the socket's family.
func connectable(s *platform.Socket, address string) (endpoint, error) {
	family, err := s.Family()
	if err != nil {
		return endpoint{}, err
	}
	network := "tcp4" // the names are those of streams, the addresses the same
	switch family {
	case syscall.AF_UNIX:
		network = "unix"
	case syscall.AF_INET6:
		network = "tcp6"
	}
	return parseEndpoint(network, address, false)
}

// connect makes the attempts of a SockConnect: the first one starts, the second
// one, when the socket is writable, asks how it went.
func (c *sockCall[T]) connect(f *Future[T], to platform.Sockaddr) {
	c.to = to.NetAddr(c.socket.Network())
	started := false
	c.attempt = func(fd int) (done T, err error) {
		if started {
			return done, platform.SocketError(fd)
		}
		started = true
		switch err = platform.Connect(fd, to); {
		case platform.IsInProgress(err):
			return done, errAgain
		case platform.WouldBlock(err):
			// The queue of a Unix server is full, and no readiness will follow.
			return done, os.NewSyscallError("connect", err)
		}
		return done, err
	}
	c.begin(f)
}
