package eventloop

import (
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// CreateServer listens and calls factory for every connection, before its
// transport. For the networks "tcp", "tcp4" and "tcp6" address is "host:port":
// an empty host means all interfaces of all families, port 0 a free port, on
// each address a different one; names are looked up. IPv6 sockets are IPv6-only.
// For "unix" it is a path, or an abstract name that begins with '@'; the file of
// a dead server is replaced, and Close removes the one that was made. With a
// ServerConfig.Listener address is empty.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; *net.OpError around an error about a nil factory, os.ErrInvalid,
// net.UnknownNetworkError, *net.AddrError or *net.DNSError for the arguments, or
// around the errno, with every socket closed again: EADDRINUSE for one, also for
// a path where a server answers or where something else than a socket is, which
// stays untouched; protocols.ErrInvalidWatermarks; ErrLoopClosed. Any goroutine.
func (l *Loop) CreateServer(factory func() protocols.Protocol, network, address string, cfg *ServerConfig) *Future[*Server] {
	s := &Server{loop: l, factory: factory, network: network}
	if cfg != nil {
		s.cfg = *cfg
	}
	if err := s.cfg.refusal(l.table, network, address); err != nil {
		return failed[*Server](l, err)
	}
	endpoints, given, err := s.check(address)
	if err != nil {
		return failed[*Server](l, listenError(network, nil, err))
	}
	if given != nil {
		return submitOwning(l, given.owner, func(f *Future[*Server]) {
			s.open(f, func() error { return s.inherit(given) })
		})
	}
	return submit(l, func(f *Future[*Server]) { s.resolveAll(f, endpoints, nil) })
}

func (s *Server) check(address string) (endpoints []endpoint, given *inherited, err error) {
	if s.factory == nil {
		return nil, nil, errNilFactory
	}
	if _, err := s.cfg.WriteBufferLimits.Resolve(); err != nil {
		return nil, nil, err
	}
	s.tls = s.cfg.secure()
	if err := s.tls.check(); err != nil {
		return nil, nil, err
	}
	s.tls.own()
	if endpoints, err = s.cfg.endpoints(s.network, address); err != nil {
		return nil, nil, err
	}
	if s.cfg.Listener != nil {
		given, err = s.cfg.inherited(s.network)
	}
	return endpoints, given, err
}

// resolveAll resolves one endpoint after the other, then opens the server.
func (s *Server) resolveAll(f *Future[*Server], rest []endpoint, addrs []platform.Sockaddr) {
	if f.Done() {
		return // cancelled
	}
	if len(rest) == 0 {
		f.OnCancel(nil)
		s.open(f, func() error { return s.bindAll(addrs) })
		return
	}
	giveUp := s.loop.resolve(rest[0], func(more []platform.Sockaddr, err error) {
		if err != nil {
			f.SetError(listenError(s.network, nil, err))
			return
		}
		s.resolveAll(f, rest[1:], append(addrs, more...))
	})
	if len(rest[0].literal) == 0 {
		f.OnCancel(giveUp)
	}
}

// open makes the sockets, then listens; after a failure nothing is left open, and
// neither if nobody waits for the server any more.
func (s *Server) open(f *Future[*Server], makeSockets func() error) {
	s.over = NewFuture[struct{}](s.loop)
	s.hooks.Opened = func(*transports.Stream) { s.counts.Connections++ }
	s.hooks.Lost = func(*transports.Stream) { s.counts.Connections--; s.settleOver() }
	err := makeSockets()
	if err == nil {
		s.loop.servers[s] = struct{}{}
		if !s.cfg.Paused {
			err = s.StartServing()
		}
	}
	if err != nil {
		s.Close()
		f.SetError(err)
		return
	}
	f.Deliver(s, func() {
		s.Close()
		s.AbortClients()
	})
}

func (s *Server) add(b *serverSocket) {
	s.sockets = append(s.sockets, b)
	s.addrs = append(s.addrs, b.addr)
}

// inherit takes the listener of the configuration over.
func (s *Server) inherit(given *inherited) error {
	fd, err := given.take()
	var b *serverSocket
	if err == nil {
		b, err = newServerSocket(fd, s.network)
	}
	if err != nil {
		return listenError(s.network, nil, err)
	}
	b.given = true
	s.add(b)
	return nil
}

// bindAll skips what this machine does not have, a whole family for one, as
// long as one address works (contract G9, G10).
func (s *Server) bindAll(addrs []platform.Sockaddr) error {
	seen := make(map[platform.Sockaddr]bool)
	var missing error
	for _, a := range addrs {
		if seen[a] {
			continue
		}
		seen[a] = true
		b, err := s.bind(a)
		switch {
		case err == nil:
			s.add(b)
		case !platform.IsAddrUnavailable(err):
			return err
		case missing == nil:
			missing = err
		}
	}
	if len(s.sockets) == 0 {
		return missing
	}
	return nil
}
