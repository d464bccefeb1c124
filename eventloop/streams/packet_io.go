package streams

import (
	"context"
	"net"
	"os"

	"github.com/tidemill-go/tidemill/protocols"
)

// ReadFrom returns the next datagram, and waits if there is none. What p has no
// room for is lost. The address is shared: it must not be changed. Once, it
// returns the error that a receive got, as ECONNREFUSED on an endpoint that is
// connected to a port that nobody has.
func (c *PacketConn) ReadFrom(p []byte) (int, net.Addr, error) {
	return c.read(context.Background(), p)
}

// Read is ReadFrom without the address.
func (c *PacketConn) Read(p []byte) (int, error) {
	n, _, err := c.read(context.Background(), p)
	return n, err
}

func (c *PacketConn) read(ctx context.Context, p []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.unreadable(); err != nil {
			return 0, nil, c.opError("read", nil, err)
		}
		if !c.in.empty() {
			data, from := c.in.take()
			n := copy(p, data)
			c.drained()
			return n, from, nil
		}
		if err := c.readErr; err != nil {
			c.readErr = nil
			return 0, nil, c.opError("read", nil, err)
		}
		if c.lost {
			return 0, nil, c.opError("read", nil, c.cause())
		}
		if err := c.wait(ctx, &c.readers); err != nil {
			return 0, nil, c.opError("read", nil, err)
		}
	}
}

func (c *PacketConn) unreadable() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.reading.passed:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// drained follows a take.
func (c *PacketConn) drained() {
	if c.held && c.in.size() <= c.limit/2 {
		c.held = false
		_ = c.ask() // a closed loop is noticed when there is nothing left to read
	}
	c.in.rest()
}

// WriteTo sends a datagram, which it does not keep; addr is a *net.UDPAddr or
// *net.UnixAddr, nil on an endpoint that is connected. While the transport is
// over its high-water mark it waits. Elsewhere than on the loop it returns before
// the datagram is sent: the error of one that the kernel, or the endpoint,
// refused is returned once, by the next WriteTo, which then sends nothing.
func (c *PacketConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	return c.write(context.Background(), p, addr)
}

// Write is WriteTo the peer of an endpoint that is connected.
func (c *PacketConn) Write(p []byte) (int, error) { return c.write(context.Background(), p, nil) }

func (c *PacketConn) write(ctx context.Context, p []byte, to net.Addr) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.unwritable(); err != nil {
			return 0, c.opError("write", to, err)
		}
		if c.transport != nil && !c.paused && (c.out.empty() || c.out.size()+len(p) <= writeLimit) {
			break
		}
		if err := c.wait(ctx, &c.writers); err != nil {
			return 0, c.opError("write", to, err)
		}
	}
	c.out.put(p, to)
	err := c.ask()
	if err == nil && c.onLoop() {
		err, c.writeErr = c.writeErr, nil
	}
	if err != nil {
		return 0, c.opError("write", to, err)
	}
	return len(p), nil
}

// unwritable says why nothing can be written; an error of an earlier datagram is
// said once.
func (c *PacketConn) unwritable() (err error) {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.writing.passed:
		return os.ErrDeadlineExceeded
	case c.lost:
		return c.cause()
	}
	err, c.writeErr = c.writeErr, nil
	return err
}

// flush sends what WriteTo has left, on the loop. The lock is not held
// meanwhile: the transport may call back.
func (c *PacketConn) flush() {
	if c.out.empty() || c.paused && !c.closed {
		return
	}
	out := c.out
	c.out = bag{}
	c.mu.Unlock()
	err := c.sendAll(&out)
	c.mu.Lock()
	if err != nil {
		c.writeErr = err
	}
	if out.rest(); c.out.empty() {
		c.out = out
	}
	c.writers.wakeAll()
}

// sendAll returns the last error of an argument or of the end; those of the
// kernel come through ErrorReceived.
func (c *PacketConn) sendAll(b *bag) (err error) {
	for !b.empty() {
		if failed := c.transport.SendTo(b.take()); failed != nil {
			err = failed
		}
	}
	return err
}

// DatagramsReceived implements protocols.BatchDatagramProtocol.
func (c *PacketConn) DatagramsReceived(batch []protocols.Datagram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	for i := range batch {
		c.in.put(batch[i].Data, batch[i].From)
	}
	c.received()
}

// DatagramReceived implements protocols.DatagramProtocol, for what wraps a
// PacketConn and hides that it takes batches.
func (c *PacketConn) DatagramReceived(data []byte, from net.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.in.put(data, from)
		c.received()
	}
}

func (c *PacketConn) received() {
	if t, ok := c.transport.(protocols.ReadTransport); ok && !c.held && c.in.size() > c.limit {
		c.held, c.stopped = true, true
		t.PauseReading()
	}
	c.readers.wakeAll()
}

// ErrorReceived implements protocols.DatagramProtocol.
func (c *PacketConn) ErrorReceived(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := err.(*net.OpError); ok && e.Op == "sendto" {
		c.writeErr = err
		return
	}
	c.readErr = err
	c.readers.wakeAll()
}
