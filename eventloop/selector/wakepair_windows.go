package selector

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"golang.org/x/sys/windows"
)

// pairing is how long the two ends of a wakePair may take to find each other.
const pairing = 10 * time.Second

// A wakePair ends a select that waits for its reading end: a connection over
// loopback, because select takes sockets only and there are no socket pairs.
type wakePair struct {
	wakeEnds

	// sent says that there is a byte on its way which drain has not taken: one is
	// enough. A send over loopback is the work of two sockets and costs far more
	// than a write to a pipe.
	sent bool

	// token is what a wake sends and drain receives.
	token, taken [1]byte
}

// wake makes the reading end readable; any goroutine. It can fail only if
// somebody else has closed the socket, and then select fails too.
func (p *wakePair) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed && !p.sent {
		_, err := platform.Send(p.w, p.token[:])
		p.sent = err == nil
	}
}

// drain takes what a wake has sent. A wake between the two steps sends nothing,
// and need not: the Wait that it would end is returning. The other order would
// lose wakes for ever, since its byte may be taken by this receive. It fails if
// somebody else has closed one of the ends: the loop could not be woken any more.
func (p *wakePair) drain() error {
	n, err := platform.Recv(p.r, p.taken[:])
	switch {
	case platform.WouldBlock(err):
		return nil
	case err != nil:
		return os.NewSyscallError("recv", err)
	case n == 0:
		return os.NewSyscallError("recv", io.ErrUnexpectedEOF)
	}
	p.mu.Lock()
	p.sent = false
	p.mu.Unlock()
	return nil
}

// open connects the two ends through a listener that is gone afterwards.
func (p *wakePair) open() error {
	until := time.Now().Add(pairing)
	l, at, err := newLoopbackSocket()
	if err != nil {
		return err
	}
	defer platform.CloseFD(l)
	if err := platform.Listen(l, 1); err != nil {
		return os.NewSyscallError("listen", err)
	}
	w, name, err := newLoopbackSocket()
	if err != nil {
		return err
	}
	r, err := meet(l, w, at, name, until)
	if err != nil {
		return errors.Join(err, platform.CloseFD(w))
	}
	p.r, p.w = r, w
	return nil
}

// newLoopbackSocket is bound to a port of its own, which nobody can take over.
func newLoopbackSocket() (fd int, name platform.Sockaddr, err error) {
	fd, err = platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	if err != nil {
		return -1, name, os.NewSyscallError("socket", err)
	}
	err = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soExclusiveUse, 1)
	if err == nil {
		err = platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0")))
	}
	if err == nil {
		name, err = platform.LocalName(fd)
	}
	if err != nil {
		return -1, name, errors.Join(os.NewSyscallError("bind", err), platform.CloseFD(fd))
	}
	return fd, name, nil
}

// meet connects w, whose name is known, to the listener l at the address at, and
// returns the other end.
func meet(l, w int, at, name platform.Sockaddr, until time.Time) (r int, err error) {
	if err := platform.Connect(w, at); err != nil && !platform.IsInProgress(err) {
		return -1, os.NewSyscallError("connect", err)
	}
	r, err = acceptFrom(l, name, until)
	if err != nil {
		return -1, err
	}
	err = await(windows.Handle(w), until, Write)
	if err == nil {
		err = platform.SocketError(w)
	}
	if err == nil {
		// A wake is one byte, and the next one need not wait for its receipt.
		err = platform.SetNoDelay(w, true)
	}
	if err != nil {
		return -1, errors.Join(err, platform.CloseFD(r))
	}
	return r, nil
}

// acceptFrom accepts the connection from the given address and turns others
// away: any program of this machine can find the port.
func acceptFrom(l int, name platform.Sockaddr, until time.Time) (int, error) {
	for {
		fd, peer, err := platform.Accept(l)
		switch {
		case err == nil && peer == name:
			return fd, nil
		case err == nil:
			err = platform.CloseFD(fd)
		case platform.WouldBlock(err):
			err = await(windows.Handle(l), until, Read)
		case platform.IsConnAborted(err):
			err = nil
		}
		if err != nil {
			return -1, os.NewSyscallError("accept", err)
		}
	}
}
