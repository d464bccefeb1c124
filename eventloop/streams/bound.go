package streams

import (
	"context"
	"net"
)

// BoundConn is a Conn whose Read and Write also end when a context does.
type BoundConn struct {
	*Conn
	ctx context.Context
}

// WithContext returns the same connection with Reads and Writes that end with
// the cause of ctx when that ends, as an *net.OpError around it. In a task the
// task's own cancellation ends them in any case. The connection itself goes on:
// closing it when ctx ends is the caller's business.
func (c *Conn) WithContext(ctx context.Context) *BoundConn { return &BoundConn{Conn: c, ctx: ctx} }

// Read is Conn.Read until the context ends.
func (c *BoundConn) Read(p []byte) (int, error) { return c.read(c.ctx, p) }

// Write is Conn.Write until the context ends.
func (c *BoundConn) Write(p []byte) (int, error) { return c.write(c.ctx, p) }

// BoundPacketConn is a PacketConn whose calls that wait also end when a context
// does.
type BoundPacketConn struct {
	*PacketConn
	ctx context.Context
}

// WithContext is Conn.WithContext.
func (c *PacketConn) WithContext(ctx context.Context) *BoundPacketConn {
	return &BoundPacketConn{PacketConn: c, ctx: ctx}
}

// ReadFrom is PacketConn.ReadFrom until the context ends.
func (c *BoundPacketConn) ReadFrom(p []byte) (int, net.Addr, error) { return c.read(c.ctx, p) }

// Read is PacketConn.Read until the context ends.
func (c *BoundPacketConn) Read(p []byte) (int, error) {
	n, _, err := c.read(c.ctx, p)
	return n, err
}

// WriteTo is PacketConn.WriteTo until the context ends.
func (c *BoundPacketConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	return c.write(c.ctx, p, addr)
}

// Write is PacketConn.Write until the context ends.
func (c *BoundPacketConn) Write(p []byte) (int, error) { return c.write(c.ctx, p, nil) }
