package eventloop

import (
	"errors"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// serverSocket is one of a server's sockets, bound and perhaps listening.
type serverSocket struct {
	fd       int
	local    platform.Sockaddr
	addr     net.Addr
	view     *platform.Socket
	listener *transports.Listener // nil until it accepts; then fd is that one's
	given    bool                 // it was listening when we got it
	file     *socketFile          // that we have made, and may remove
}

// newServerSocket takes a bound descriptor and closes it on failure.
func newServerSocket(fd int, network string) (*serverSocket, error) {
	local, err := platform.LocalName(fd)
	if err != nil {
		platform.CloseFD(fd)
		return nil, syscallError("getsockname", err)
	}
	return &serverSocket{
		fd: fd, local: local, addr: local.NetAddr(network), view: platform.NewSocket(fd),
	}, nil
}

// bind makes a server's socket on an address.
func (s *Server) bind(a platform.Sockaddr) (*serverSocket, error) {
	fd, err := s.cfg.open(s.loop, a)
	var made *serverSocket
	if err == nil {
		made, err = newServerSocket(fd, s.network)
	}
	if err != nil {
		if a.IsUnix() && errors.Is(err, syscall.EADDRINUSE) && !isAbstract(a.Path()) {
			err = inTheWay(a.Path(), err)
		}
		return nil, listenError(s.network, a.NetAddr(s.network), err)
	}
	if a.IsUnix() && !isAbstract(a.Path()) && !s.cfg.KeepSocketFile {
		made.file = lookAt(a.Path())
	}
	return made, nil
}

// serve listens and accepts. The descriptor belongs to the listener from then
// on, also if that fails.
func (b *serverSocket) serve(s *Server) error {
	if b.listener != nil {
		return nil
	}
	if !b.given || s.cfg.Backlog != 0 {
		backlog := s.cfg.Backlog
		if backlog == 0 {
			backlog = defaultBacklog
		}
		if err := platform.Listen(b.fd, backlog); err != nil {
			return listenError(s.network, b.addr, syscallError("listen", err))
		}
	}
	kind := transports.TCP
	switch {
	case b.local.IsUnix():
		kind = transports.Local
	case b.local.IsPipe():
		kind = transports.File
	}
	listener, err := transports.Listen((*host)(s.loop), b.fd, transports.ListenerConfig{
		Factory:           s.secured(),
		Kind:              kind,
		Local:             b.local,
		Socket:            b.view,
		WriteBufferLimits: s.cfg.WriteBufferLimits,
		Hooks:             &s.hooks,
	})
	if err != nil {
		b.fd = -1
		return listenError(s.network, b.addr, err)
	}
	b.listener = listener
	return nil
}

// close removes the file while the socket still answers, so that nobody takes
// the name for a dead server's meanwhile.
func (b *serverSocket) close() (removing error) {
	if b.file != nil {
		removing = b.file.remove()
	}
	switch {
	case b.listener != nil:
		b.listener.Close()
	case b.fd >= 0:
		b.view.Release()
		platform.CloseFD(b.fd)
	}
	return removing
}
