package transports

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
)

// names are a stream's addresses and the view of its descriptor. They outlive
// the descriptor (contract D22) and are kept small: most streams are never
// asked.
type names struct {
	remote platform.Sockaddr
	local  atomic.Pointer[platform.Sockaddr]
	extra  *extra       // nil until needed
	fd     atomic.Int32 // -1 once closed
	kind   Kind
}

// extra is what few streams are ever asked for.
type extra struct {
	socket *platform.Socket
	files  filePassing
}

func (n *names) extras() *extra {
	if n.extra == nil {
		n.extra = &extra{}
	}
	return n.extra
}

func (n *names) begin(fd int, cfg *StreamConfig) {
	n.remote, n.kind = cfg.Remote, cfg.Kind
	n.local.Store(cfg.Local)
	n.fd.Store(int32(fd))
}

func (n *names) network() string {
	switch n.kind {
	case TCP:
		return "tcp"
	case Local:
		return "unix"
	}
	return "pipe"
}

func (n *names) localAddr() net.Addr { return n.learn().NetAddr(n.network()) }

func (n *names) remoteAddr() net.Addr { return n.remote.NetAddr(n.network()) }

// learn asks for the local name, which stays the same as long as the
// descriptor is connected: asking late saves a system call per connection. The
// addresses may be asked for from any goroutine, while the loop closes the
// descriptor and the kernel gives its number away: the name that the loop
// learned before that is there first, and stays.
func (n *names) learn() *platform.Sockaddr {
	if a := n.local.Load(); a != nil {
		return a
	}
	learned := new(platform.Sockaddr)
	if fd := n.fd.Load(); fd >= 0 {
		if a, err := platform.LocalName(int(fd)); err == nil {
			*learned = a
		}
	}
	n.local.CompareAndSwap(nil, learned)
	return n.local.Load()
}

// view returns the restricted view of the descriptor, the same one every time.
func (n *names) view() *platform.Socket {
	e := n.extras()
	if e.socket == nil {
		e.socket = platform.NewSocket(int(n.fd.Load()))
		if n.fd.Load() < 0 {
			e.socket.Release()
		}
	}
	return e.socket
}

// peerCredentials are asked for every time: few programs do, and the kernel has
// them as long as the descriptor is open.
func (n *names) peerCredentials() any {
	fd := n.fd.Load()
	if n.kind != Local || fd < 0 {
		return nil
	}
	c, err := platform.PeerCredentials(int(fd))
	if err != nil {
		return nil
	}
	return c
}

// release is called just before the descriptor is closed.
func (n *names) release() {
	n.learn()
	n.fd.Store(-1)
	if n.extra != nil && n.extra.socket != nil {
		n.extra.socket.Release()
	}
}

// opError gives an error of the system the shape that package net gives it.
func (s *Stream) opError(op string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: s.names.network(), Source: s.self().LocalAddr(), Addr: s.self().RemoteAddr(), Err: err}
}

// String names the stream in logs.
func (s *Stream) String() string {
	if s.names.network() == "pipe" {
		return fmt.Sprintf("pipe %d", s.names.fd.Load())
	}
	return fmt.Sprintf("%s %v->%v", s.names.network(), s.self().LocalAddr(), s.self().RemoteAddr())
}

// offLoop is debug mode's check of who calls.
func (s *Stream) offLoop(method string) error {
	if s.host.Debug() && !s.host.OnLoop() {
		return fmt.Errorf("%w: %s of a transport from outside its loop's goroutine", future.ErrInvalidState, method)
	}
	return nil
}

// mustBeOnLoop is the same for methods that have no error to return.
func (s *Stream) mustBeOnLoop(method string) {
	if err := s.offLoop(method); err != nil {
		panic(err)
	}
}
