package transports

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
)

// names are a stream's addresses and the view of its descriptor. They outlive
// the descriptor (contract D22) and are kept small: most streams are never
// asked.
type names struct {
	mu     sync.Mutex // the addresses may be asked for from any goroutine
	fd     int        // -1 once closed
	kind   Kind
	local  *platform.Sockaddr
	remote platform.Sockaddr
	socket *platform.Socket
}

func newNames(fd int, cfg StreamConfig) *names {
	return &names{fd: fd, kind: cfg.Kind, local: cfg.Local, remote: cfg.Remote}
}

func (n *names) network() string {
	if n.kind == TCP {
		return "tcp"
	}
	return "unix"
}

func (n *names) localAddr() net.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.learn()
	return n.local.NetAddr(n.network())
}

func (n *names) remoteAddr() net.Addr { return n.remote.NetAddr(n.network()) }

// learn asks for the local name, which stays the same as long as the
// descriptor is connected: asking late saves a system call per connection.
func (n *names) learn() {
	if n.local != nil {
		return
	}
	n.local = new(platform.Sockaddr)
	if n.fd >= 0 {
		if a, err := platform.LocalName(n.fd); err == nil {
			*n.local = a
		}
	}
}

// view returns the restricted view of the descriptor, the same one every time.
func (n *names) view() *platform.Socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil {
		n.socket = platform.NewSocket(n.fd)
		if n.fd < 0 {
			n.socket.Release()
		}
	}
	return n.socket
}

// release is called just before the descriptor is closed.
func (n *names) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.learn()
	n.fd = -1
	if n.socket != nil {
		n.socket.Release()
	}
}

// opError gives an error of the system the shape that package net gives it.
func (s *Stream) opError(op string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: s.names.network(), Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}

// String names the stream in logs.
func (s *Stream) String() string {
	return fmt.Sprintf("%s %v->%v", s.names.network(), s.LocalAddr(), s.RemoteAddr())
}

// mustBeOnLoop is debug mode's check of who calls.
func (s *Stream) mustBeOnLoop(method string) {
	if s.host.Debug() && !s.host.OnLoop() {
		panic(fmt.Errorf("%w: %s of a transport from outside its loop's goroutine", future.ErrInvalidState, method))
	}
}
