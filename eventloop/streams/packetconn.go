package streams

import (
	"context"
	"net"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// DefaultPacketLimit is how much a PacketConn buffers before it pauses.
const DefaultPacketLimit = 256 << 10

// PacketConfig says how a PacketConn is to be. Its zero value works.
type PacketConfig struct {
	// Endpoint is how the endpoint is made. ListenPacket fills in Network and
	// LocalAddr.
	Endpoint eventloop.DatagramConfig

	// ReadLimit is the number of bytes of datagrams, each with 64 more, that are
	// buffered before reading is paused and the kernel drops what is too much for
	// itself; at half of it, reading goes on. What the kernel hands out at once
	// may come on top. Zero or less means DefaultPacketLimit.
	ReadLimit int
}

// PacketConn is a net.PacketConn over a datagram endpoint, for goroutines and
// for tasks; over one that is connected it is a net.Conn too. It is the protocol
// of that endpoint: get one from ListenPacket, or return one from a factory. What
// is said of a Conn's methods and errors holds for it.
type PacketConn struct {
	gate
	transport protocols.DatagramTransport // nil before ConnectionMade

	in      bag
	limit   int
	readers queue
	reading deadline
	held    bool  // reading is to be paused
	stopped bool  // it is
	readErr error // told to the next ReadFrom

	out      bag
	writers  queue
	writing  deadline
	paused   bool  // PauseWriting
	writeErr error // told to the next WriteTo

	closed   bool
	asked    bool // attend is posted
	later    func()
	shutDown bool // attend has closed the transport
	lost     bool
	lostErr  error
}

var (
	_ net.PacketConn                  = (*PacketConn)(nil)
	_ net.Conn                        = (*PacketConn)(nil)
	_ protocols.DatagramProtocol      = (*PacketConn)(nil)
	_ protocols.BatchDatagramProtocol = (*PacketConn)(nil)
	_ protocols.FlowController        = (*PacketConn)(nil)
)

// NewPacketConn returns a PacketConn for one endpoint of the loop, as factories
// of CreateDatagramEndpoint return it. A nil cfg means the zero value; its
// Endpoint is not looked at. Any goroutine.
func NewPacketConn(l *eventloop.Loop, cfg *PacketConfig) *PacketConn {
	c := &PacketConn{gate: gate{sched: schedulerOf(l)}, limit: DefaultPacketLimit}
	if cfg != nil && cfg.ReadLimit > 0 {
		c.limit = cfg.ReadLimit
	}
	c.over, c.later = c.loopClosed, c.attendLater
	c.reading = deadline{gate: &c.gate, queues: []*queue{&c.readers}}
	c.writing = deadline{gate: &c.gate, queues: []*queue{&c.writers}}
	return c
}

// ListenPacket makes a datagram endpoint through the loop; network, address and
// errors are those of eventloop.DatagramConfig and Loop.CreateDatagramEndpoint.
// An endpoint that is connected has the peer in cfg.Endpoint.RemoteAddr. It waits
// as Listen does.
func ListenPacket(ctx context.Context, l *eventloop.Loop, network, address string, cfg *PacketConfig) (*PacketConn, error) {
	var endpoint eventloop.DatagramConfig
	if cfg != nil {
		endpoint = cfg.Endpoint
	}
	endpoint.Network, endpoint.LocalAddr = network, address
	c := NewPacketConn(l, cfg)
	f := l.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return c }, &endpoint)
	if _, err := f.Await(ctx); err != nil {
		_ = c.Close() // should it still be made
		f.Abandon()
		return nil, err
	}
	return c, nil
}

// Transport returns the endpoint, nil before ConnectionMade. It belongs to the
// loop's goroutine.
func (c *PacketConn) Transport() protocols.DatagramTransport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport
}

// LocalAddr returns the endpoint's address, nil before ConnectionMade.
func (c *PacketConn) LocalAddr() net.Addr {
	if t := c.Transport(); t != nil {
		return t.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the peer of an endpoint that is connected, otherwise nil.
func (c *PacketConn) RemoteAddr() net.Addr {
	if t := c.Transport(); t != nil {
		return t.RemoteAddr()
	}
	return nil
}

// SetDeadline sets both deadlines.
func (c *PacketConn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, &c.reading, &c.writing)
}

// SetReadDeadline is Conn.SetReadDeadline.
func (c *PacketConn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.reading) }

// SetWriteDeadline is Conn.SetWriteDeadline.
func (c *PacketConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.writing) }

func (c *PacketConn) setDeadline(t time.Time, directions ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", nil, net.ErrClosed)
	}
	for _, d := range directions {
		d.set(t)
	}
	return nil
}

func (c *PacketConn) opError(op string, to net.Addr, err error) error {
	if e, ok := err.(*net.OpError); ok {
		err = e.Err
	}
	e := &net.OpError{Op: op, Net: "datagram", Addr: to, Err: err}
	if c.transport == nil {
		return e
	}
	e.Source = c.transport.LocalAddr()
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	if to == nil {
		e.Addr = c.transport.RemoteAddr()
	}
	return e
}
