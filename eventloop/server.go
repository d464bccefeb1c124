package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// ServerConfig says how to serve. Its zero value works.
type ServerConfig struct {
	// Addresses are more addresses to listen on, each as CreateServer's own.
	Addresses []string

	// Backlog is the kernel's queue of connections that wait to be accepted.
	// Zero means 100, negative the smallest that the kernel knows.
	Backlog int

	// Paused binds without listening: connecting is refused until StartServing.
	Paused bool

	// WriteBufferLimits are the first marks of every connection. The zero value
	// means the defaults.
	WriteBufferLimits protocols.Watermarks
}

const (
	defaultBacklog = 100
	handedOver     = -1 // in Server.bound: belongs to a listener
)

// Server accepts connections and makes a protocol and a transport of each. It
// belongs to the loop's goroutine, but for Addrs, and the methods that take a
// context.
type Server struct {
	loop      *Loop
	cfg       ServerConfig
	factory   func() protocols.Protocol
	addrs     []net.Addr
	bound     []int // descriptors that do not listen yet
	listeners []*transports.Listener
	hooks     transports.Hooks
	active    int // connections not lost yet
	serving   bool
	closed    bool
	forever   *Future[struct{}] // of ServeForever
	over      *Future[struct{}] // closed, and the last connection lost
}

// CreateServer listens on a TCP address and calls factory for every connection,
// before its transport. network is "tcp", "tcp4" or "tcp6"; address is
// "host:port": an empty host means all interfaces of all families, port 0 a free
// port, a service name is looked up. IPv6 sockets are IPv6-only. SO_REUSEADDR is
// set.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; an error about a nil factory; net.UnknownNetworkError, *net.AddrError or
// *net.DNSError for the address; *net.OpError around the errno, EADDRINUSE for
// one, with every socket closed again; protocols.ErrInvalidWatermarks;
// ErrLoopClosed. Any goroutine.
func (l *Loop) CreateServer(factory func() protocols.Protocol, network, address string, cfg *ServerConfig) *Future[*Server] {
	if err := l.table.Check(forNetwork(network, platform.CreateServer, platform.CreateServerUnix)); err != nil {
		return failed[*Server](l, err)
	}
	s := &Server{loop: l, factory: factory}
	if cfg != nil {
		s.cfg = *cfg
	}
	endpoints, err := s.check(network, address)
	if err != nil {
		return failed[*Server](l, listenError(network, nil, err))
	}
	return submit(l, func(f *Future[*Server]) { s.resolveAll(f, network, endpoints, nil) })
}

func (s *Server) check(network, address string) (endpoints []endpoint, err error) {
	if s.factory == nil {
		return nil, errNilFactory
	}
	if _, err := s.cfg.WriteBufferLimits.Resolve(); err != nil {
		return nil, err
	}
	for _, a := range append([]string{address}, s.cfg.Addresses...) {
		e, err := parseEndpoint(network, a, true)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, e)
	}
	return endpoints, nil
}

// resolveAll resolves one endpoint after the other, then opens the server.
func (s *Server) resolveAll(f *Future[*Server], network string, rest []endpoint, addrs []platform.Sockaddr) {
	if f.Done() {
		return // cancelled
	}
	if len(rest) == 0 {
		if err := s.open(network, addrs); err != nil {
			f.SetError(err)
		} else {
			f.SetResult(s)
		}
		return
	}
	s.loop.resolve(rest[0], func(more []platform.Sockaddr, err error) {
		if err != nil {
			f.SetError(listenError(network, nil, err))
			return
		}
		s.resolveAll(f, network, rest[1:], append(addrs, more...))
	})
}

// open binds every distinct address, then listens; after a failure nothing is
// left open.
func (s *Server) open(network string, addrs []platform.Sockaddr) error {
	s.over = NewFuture[struct{}](s.loop)
	s.hooks.Opened = func(*transports.Stream) { s.active++ }
	s.hooks.Lost = func(*transports.Stream) { s.active--; s.settleOver() }
	err := s.bindAll(network, addrs)
	if err == nil {
		s.loop.servers[s] = struct{}{}
		if !s.cfg.Paused {
			err = s.StartServing()
		}
	}
	if err != nil {
		s.Close()
	}
	return err
}

// bindAll skips what this machine does not have, a whole family for one, as
// long as one address works (contract G9, G10).
func (s *Server) bindAll(network string, addrs []platform.Sockaddr) error {
	seen := make(map[platform.Sockaddr]bool)
	var missing error
	for _, a := range addrs {
		if seen[a] {
			continue
		}
		seen[a] = true
		fd, local, err := bind(a)
		if err == nil {
			s.bound = append(s.bound, fd)
			s.addrs = append(s.addrs, local.NetAddr(network))
			continue
		}
		err = listenError(network, a.NetAddr(network), err)
		if !errors.Is(err, syscall.EAFNOSUPPORT) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return err
		}
		if missing == nil {
			missing = err
		}
	}
	if len(s.bound) == 0 {
		return missing
	}
	return nil
}

// bind opens a socket on an address and returns the one that it got.
func bind(a platform.Sockaddr) (fd int, local platform.Sockaddr, err error) {
	fd, err = platform.OpenSocket(a.Family(), syscall.SOCK_STREAM)
	if err != nil {
		return -1, local, err
	}
	err = platform.SetReuseAddr(fd, true)
	if err == nil && a.Family() == syscall.AF_INET6 {
		err = platform.SetIPv6Only(fd, true)
	}
	if err == nil {
		err = platform.Bind(fd, a)
	}
	if err == nil {
		local, err = platform.LocalName(fd)
	}
	if err != nil {
		platform.CloseFD(fd)
	}
	return fd, local, err
}

// StartServing makes a paused server listen; otherwise it does nothing. It
// returns net.ErrClosed after Close, and the *net.OpError of listen(2), after
// which the server is to be closed.
func (s *Server) StartServing() error {
	if s.closed {
		return fmt.Errorf("StartServing: %w", net.ErrClosed)
	}
	backlog := s.cfg.Backlog
	if backlog == 0 {
		backlog = defaultBacklog
	}
	for i, fd := range s.bound {
		if fd == handedOver {
			continue
		}
		err := platform.Listen(fd, backlog)
		if err == nil {
			s.bound[i] = handedOver // also if it fails
			err = s.listen(fd)
		}
		if err != nil {
			return listenError(s.addrs[i].Network(), s.addrs[i], err)
		}
	}
	s.bound, s.serving = nil, true
	return nil
}

func (s *Server) listen(fd int) error {
	l, err := transports.Listen((*host)(s.loop), fd, transports.ListenerConfig{
		Factory:           s.factory,
		Kind:              transports.TCP,
		WriteBufferLimits: s.cfg.WriteBufferLimits,
		Hooks:             &s.hooks,
	})
	if err == nil {
		s.listeners = append(s.listeners, l)
	}
	return err
}

// Addrs returns the addresses that the server was bound to, with the real ports,
// also after Close. Any goroutine.
func (s *Server) Addrs() []net.Addr { return s.addrs }

// Loop returns the server's loop. Any goroutine.
func (s *Server) Loop() *Loop { return s.loop }

// Sockets returns restricted views of the listening sockets; none after Close.
func (s *Server) Sockets() (views []*platform.Socket) {
	for _, l := range s.listeners {
		views = append(views, l.Socket())
	}
	return views
}

// IsServing reports whether the server accepts connections.
func (s *Server) IsServing() bool { return s.serving && !s.closed }

// Close stops listening at once and ends a ServeForever. Existing connections
// go on. Closing again does nothing.
func (s *Server) Close() {
	if s.closed {
		return
	}
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	for _, fd := range s.bound {
		if fd != handedOver {
			platform.CloseFD(fd)
		}
	}
	s.listeners, s.bound = nil, nil
	delete(s.loop.servers, s)
	if s.forever != nil {
		s.forever.Cancel()
	}
	s.settleOver()
}

func (s *Server) settleOver() {
	if s.closed && s.active == 0 {
		s.over.SetResult(struct{}{})
	}
}

// WaitClosed waits until the server is closed and its last connection is lost.
// If ctx ends first it only stops waiting and returns the cause.
func (s *Server) WaitClosed(ctx context.Context) error {
	return waitOnly(ctx, s.loop, s.over)
}

// ServeForever starts serving if need be and waits. It ends with ErrCancelled
// when the server is closed, and with the cause of ctx when that ends first,
// which closes the server; connections go on in both cases. A second one at the
// same time gets ErrInvalidState, one after Close net.ErrClosed.
func (s *Server) ServeForever(ctx context.Context) error {
	f := submit(s.loop, func(f *Future[struct{}]) {
		if s.forever != nil && !s.forever.Done() {
			f.SetError(fmt.Errorf("%w: ServeForever is already waiting on this server", ErrInvalidState))
			return
		}
		if err := s.StartServing(); err != nil {
			f.SetError(err)
			return
		}
		s.forever = f
		f.OnCancel(s.Close)
	})
	_, err := f.Await(ctx)
	return err
}

func listenError(network string, a net.Addr, err error) error {
	return &net.OpError{Op: "listen", Net: network, Addr: a, Err: systemError(err)}
}
