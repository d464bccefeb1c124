package streams

import (
	"net"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

const (
	// DefaultReadLimit is how much input a Conn buffers before it pauses.
	DefaultReadLimit = 128 << 10

	// DefaultLinger is how long a closed Conn goes on sending.
	DefaultLinger = time.Minute

	// writeLimit is how much waits for the loop: enough to fill what the kernel
	// takes at once.
	writeLimit = 64 << 10
)

// ConnConfig says how a Conn is to be. Its zero value works.
type ConnConfig struct {
	// ReadLimit is the number of bytes of input that are buffered before the
	// transport's reading is paused; at half of it, it goes on. Zero means
	// DefaultReadLimit; anything below 512 means 512.
	ReadLimit int

	// Linger is how long Close lets the peer take what it was sent; then the
	// connection is aborted. Zero means DefaultLinger; negative means for ever.
	Linger time.Duration
}

// Conn is a net.Conn over any stream transport, for goroutines and for tasks. It
// is the Protocol of that transport: make one with NewConn in a factory, or get
// one from Dial or a Listener. Its methods may be called from any goroutine at
// the same time, but for those of the Protocol, which are the loop's.
//
// Errors are as package net's: io.EOF itself; otherwise a *net.OpError around
// net.ErrClosed, os.ErrDeadlineExceeded (then Timeout is true), the error that
// ended the connection, syscall.EPIPE for a Write after CloseWrite,
// eventloop.ErrAwaitOnLoop for a call that would block a loop,
// eventloop.ErrCancelled in a task that was cancelled, eventloop.ErrLoopClosed.
type Conn struct {
	gate
	transport protocols.Transport // nil before ConnectionMade
	arrived   func(*Conn)         // of a listener
	linger    time.Duration

	in      input
	readers queue
	reading deadline
	eof     bool // the peer's end
	deaf    bool // CloseRead
	held    bool // reading is to be paused
	stopped bool // it is

	out, spare []byte // what Write has left for the loop
	writers    queue
	writing    deadline
	turns      queue // for one Write at a time
	busy       bool  // somebody has the turn
	paused     bool  // PauseWriting
	mute       bool  // CloseWrite
	refused    error // of a write to the transport

	closed    bool // Close or Abort
	aborted   bool
	asked     bool // attend is posted
	later     func()
	lost      bool
	lostErr   error
	waiting   queue // for the loss
	impatient *time.Timer
	done      done
}

// done is what attend has told the transport.
type done struct {
	eof, close, abort bool
}

var (
	_ net.Conn                   = (*Conn)(nil)
	_ protocols.Protocol         = (*Conn)(nil)
	_ protocols.BufferedProtocol = (*Conn)(nil)
	_ protocols.EOFReceiver      = (*Conn)(nil)
	_ protocols.FlowController   = (*Conn)(nil)
)

// NewConn returns a Conn for one connection of the loop, as factories of
// CreateServer and CreateConnection return it. Before ConnectionMade, Read and
// Write wait. A nil cfg means the zero value. Any goroutine.
func NewConn(l *eventloop.Loop, cfg *ConnConfig) *Conn {
	return newConn(schedulerOf(l), cfg, nil)
}

func newConn(s future.Scheduler, cfg *ConnConfig, arrived func(*Conn)) *Conn {
	if cfg == nil {
		cfg = &ConnConfig{}
	}
	limit := cfg.ReadLimit
	if limit == 0 {
		limit = DefaultReadLimit
	}
	c := &Conn{
		gate:    gate{sched: s},
		arrived: arrived,
		linger:  cfg.Linger,
		in:      newInput(max(limit, smallestLimit)),
	}
	if c.linger == 0 {
		c.linger = DefaultLinger
	}
	c.over, c.later = c.loopClosed, c.attendLater
	c.reading = deadline{gate: &c.gate, queues: []*queue{&c.readers}}
	c.writing = deadline{gate: &c.gate, queues: []*queue{&c.writers, &c.turns}}
	return c
}

// Transport returns what the Conn reads from and writes to, nil before
// ConnectionMade. It belongs to the loop's goroutine.
func (c *Conn) Transport() protocols.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport
}

// LocalAddr returns the transport's local address, nil before ConnectionMade.
func (c *Conn) LocalAddr() net.Addr {
	if t := c.Transport(); t != nil {
		return t.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the peer's address, nil before ConnectionMade.
func (c *Conn) RemoteAddr() net.Addr {
	if t := c.Transport(); t != nil {
		return t.RemoteAddr()
	}
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadline(t, &c.reading, &c.writing) }

// SetReadDeadline ends Reads, those that wait and later ones, at a time of the
// system's clock. The zero time means never; a time in the past ends them now.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.reading) }

// SetWriteDeadline does that for Writes. One that ends so may have written a
// part, of which it returns the number of bytes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.writing) }

func (c *Conn) setDeadline(t time.Time, directions ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	for _, d := range directions {
		d.set(t)
	}
	return nil
}

// opError gives an error the shape of package net. One that has it already keeps
// only its cause: it was another call that failed. The lock is held.
func (c *Conn) opError(op string, err error) error {
	if e, ok := err.(*net.OpError); ok {
		err = e.Err
	}
	e := &net.OpError{Op: op, Net: "stream", Err: err}
	if c.transport != nil {
		e.Source, e.Addr = c.transport.LocalAddr(), c.transport.RemoteAddr()
	}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}
