package streams

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// DefaultPending is how many connections a Listener holds that nobody has taken.
const DefaultPending = 128

// ListenConfig says how to listen. Its zero value works.
type ListenConfig struct {
	// Server is how the server is made. If it is Paused, nothing is accepted
	// before its StartServing.
	Server eventloop.ServerConfig

	// Conn is how the connections are.
	Conn ConnConfig

	// Pending is from how many connections on that were accepted by the loop and
	// not by the program the rest is left to the kernel; what one turn of the
	// loop accepts, at most 64, may come on top. Zero means DefaultPending,
	// negative one.
	Pending int
}

// Listener is a net.Listener over a server of a loop. Its methods may be called
// from any goroutine or task.
type Listener struct {
	gate
	server    *eventloop.Server
	network   string
	cfg       ListenConfig
	ready     []*Conn
	acceptors queue
	waiting   deadline
	held      bool // PauseAccepting
	closed    error
}

var _ net.Listener = (*Listener)(nil)

// Listen makes a server on the loop and a Listener over it; network, address and
// errors are those of Loop.CreateServer. It waits as Dial does, on the loop only
// for a name to be looked up. A nil cfg means the zero value.
func Listen(ctx context.Context, l *eventloop.Loop, network, address string, cfg *ListenConfig) (*Listener, error) {
	s := &Listener{network: network, gate: gate{sched: schedulerOf(l)}}
	if cfg != nil {
		s.cfg = *cfg
	}
	if s.cfg.Pending == 0 {
		s.cfg.Pending = DefaultPending
	}
	s.over = s.loopClosed
	s.waiting = deadline{gate: &s.gate, queues: []*queue{&s.acceptors}}
	if err := s.open(ctx, l, address); err != nil {
		return nil, err
	}
	return s, nil
}

// open binds first and listens when the server is known: its connections pause
// it.
func (l *Listener) open(ctx context.Context, loop *eventloop.Loop, address string) error {
	cfg := l.cfg.Server
	cfg.Paused = true
	f := loop.CreateServer(l.newConn, l.network, address, &cfg)
	server, err := f.Await(ctx)
	if err != nil {
		f.Abandon()
		return err
	}
	l.server = server
	if l.cfg.Server.Paused {
		return nil
	}
	if err = loop.Do(ctx, server.StartServing); err != nil {
		_ = loop.Post(server.Close)
	}
	return err
}

func (l *Listener) newConn() protocols.Protocol {
	return newConn(l.sched, &l.cfg.Conn, l.arrived)
}

// arrived is called by the loop with a connection that is made.
func (l *Listener) arrived(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed != nil {
		c.Abort()
		return
	}
	l.ready = append(l.ready, c)
	if len(l.ready) >= l.cfg.Pending && !l.held {
		l.held = true
		l.server.PauseAccepting()
	}
	l.acceptors.wakeAll()
}

// Accept waits for a connection, which is a *Conn. It returns a *net.OpError
// around net.ErrClosed after Close, os.ErrDeadlineExceeded,
// eventloop.ErrLoopClosed, or eventloop.ErrAwaitOnLoop.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.AcceptConn(context.Background())
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptConn is Accept with a context: if that ends first its cause is returned,
// in a *net.OpError.
func (l *Listener) AcceptConn(ctx context.Context) (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed != nil:
			return nil, l.opError("accept", l.closed)
		case l.waiting.passed:
			return nil, l.opError("accept", os.ErrDeadlineExceeded)
		case len(l.ready) > 0:
			return l.take(), nil
		}
		if err := l.wait(ctx, &l.acceptors); err != nil {
			return nil, l.opError("accept", err)
		}
	}
}

func (l *Listener) take() *Conn {
	c := l.ready[0]
	l.ready[0] = nil
	if l.ready = l.ready[1:]; l.held && len(l.ready) <= l.cfg.Pending/2 {
		l.held = false
		_ = l.sched.Post(l.resume) // a closed loop has nothing to resume
	}
	return c
}

// resume looks again: the loop may have paused once more since it was asked.
func (l *Listener) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		l.server.ResumeAccepting()
	}
}

// SetDeadline ends Accepts, those that wait and later ones, at a time of the
// system's clock. The zero time means never.
func (l *Listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed != nil {
		return l.opError("set", l.closed)
	}
	l.waiting.set(t)
	return nil
}

// Close has the loop close the server, and closes the connections that nobody
// has taken. Accepts return net.ErrClosed, and so does a second Close. It returns
// when that is handed over to the loop.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed != nil {
		return l.opError("close", l.closed)
	}
	left := l.end(net.ErrClosed)
	_ = l.sched.Post(l.server.Close) // a closed loop has closed it
	for _, c := range left {
		_ = c.Close() // the first one
	}
	return nil
}

func (l *Listener) loopClosed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed == nil {
		l.end(eventloop.ErrLoopClosed)
	}
}

// end makes everybody get err, and returns the connections nobody has taken.
func (l *Listener) end(err error) (left []*Conn) {
	left, l.ready, l.closed = l.ready, nil, err
	l.waiting.stop()
	l.acceptors.wakeAll()
	l.unwatch()
	return left
}

// Addr returns the first address of the server, with its real port.
func (l *Listener) Addr() net.Addr { return l.server.Addrs()[0] }

// Server returns the server, which belongs to the loop's goroutine.
func (l *Listener) Server() *eventloop.Server { return l.server }

func (l *Listener) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.network, Addr: l.Addr(), Err: err}
}
