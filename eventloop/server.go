package eventloop

import (
	"context"
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// Server accepts connections and makes a protocol and a transport of each. It
// belongs to the loop's goroutine, but for Addrs, Loop, and the methods that take
// a context.
type Server struct {
	loop    *Loop
	cfg     ServerConfig
	network string
	factory func() protocols.Protocol
	tls     tlsSettings
	addrs   []net.Addr
	sockets []*serverSocket
	hooks   transports.Hooks
	counts  ServerStatistics // but for what the sockets have counted
	serving bool
	closed  bool
	forever *Future[struct{}] // of ServeForever
	over    *Future[struct{}] // closed, and the last connection lost
}

// ServerStatistics are what a server has counted so far.
type ServerStatistics struct {
	// Connections are there now: made and not lost yet.
	Connections int

	// Accepted are all that were ever accepted, also those whose protocol could
	// not be made.
	Accepted uint64

	// Pauses is how often accepting has rested for a second after an error: want
	// of descriptors or memory as a rule.
	Pauses uint64
}

// StartServing makes a paused server listen; otherwise it does nothing. It
// returns net.ErrClosed after Close, and the *net.OpError of listen(2), after
// which the server is to be closed.
func (s *Server) StartServing() error {
	if s.closed {
		return fmt.Errorf("StartServing: %w", net.ErrClosed)
	}
	for _, b := range s.sockets {
		if err := b.serve(s); err != nil {
			return err
		}
	}
	s.serving = true
	return nil
}

// Addrs returns the addresses that the server was bound to, with the real ports,
// also after Close. The slice belongs to the server. Any goroutine.
func (s *Server) Addrs() []net.Addr { return s.addrs }

// Loop returns the server's loop. Any goroutine.
func (s *Server) Loop() *Loop { return s.loop }

// Sockets returns restricted views of the server's sockets, in the order of
// Addrs; none after Close, and none of a named pipe.
func (s *Server) Sockets() (views []*platform.Socket) {
	for _, b := range s.sockets {
		if !b.local.IsPipe() {
			views = append(views, b.view)
		}
	}
	return views
}

// IsServing reports whether the server accepts connections.
func (s *Server) IsServing() bool { return s.serving && !s.closed }

// Statistics returns what the server has counted, also after Close.
func (s *Server) Statistics() ServerStatistics {
	all := s.counts
	for _, b := range s.sockets {
		if b.listener != nil {
			accepted, pauses := b.listener.Counts()
			all.Accepted += accepted
			all.Pauses += pauses
		}
	}
	return all
}

// Close stops listening at once and ends a ServeForever. Existing connections
// go on. The file of a Unix socket is removed if it is still the one that was
// made. Closing again does nothing.
func (s *Server) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.counts = s.Statistics()
	for _, b := range s.sockets {
		if err := b.close(); err != nil {
			s.loop.log().Warn("the file of a server's socket can not be removed", "error", err)
		}
	}
	s.sockets = nil
	delete(s.loop.servers, s)
	if s.forever != nil {
		s.forever.Cancel()
	}
	s.settleOver()
}

// drop is the end of a server whose loop is closed: listening descriptors are
// the driver's, and it closes them.
func (s *Server) drop() {
	for _, b := range s.sockets {
		if b.listener != nil {
			b.listener, b.fd = nil, -1
		}
		_ = b.close()
	}
	s.sockets, s.closed = nil, true
}

// CloseClients closes every connection of the server, as by its transport's
// Close. To keep others from coming call Close first.
func (s *Server) CloseClients() {
	for _, t := range s.clients() {
		_ = t.Close()
	}
}

// AbortClients aborts every connection of the server, as by its transport's
// Abort.
func (s *Server) AbortClients() {
	for _, t := range s.clients() {
		t.Abort()
	}
}

// clients looks through all transports of the loop: a set of its own would cost
// every idle connection memory for a call that is made once.
func (s *Server) clients() (own []protocols.Transport) {
	for _, t := range s.loop.driver.transports() {
		if stream, ok := t.(*transports.Stream); ok && stream.Hooked(&s.hooks) {
			own = append(own, transports.Uppermost(stream))
		}
	}
	return own
}

func (s *Server) settleOver() {
	if s.closed && s.counts.Connections == 0 {
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
