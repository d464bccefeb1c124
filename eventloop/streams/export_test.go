package streams

import "github.com/tidemill-go/tidemill/eventloop/future"

// NewConnOver is NewConn for a loop that is none of package eventloop.
func NewConnOver(s future.Scheduler, cfg *ConnConfig) *Conn { return newConn(s, cfg, nil) }

// Waiting returns how many calls wait for the Conn.
func (c *Conn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.readers.list) + len(c.writers.list) + len(c.turns.list) + len(c.waiting.list)
}

// Held returns how many bytes of input and output the Conn itself holds.
func (c *Conn) Held() (in, out int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.len(), len(c.out)
}

// Memory returns the size of the buffers.
func (c *Conn) Memory() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.in.mem) + cap(c.out) + cap(c.spare)
}

// Waiting returns how many Accepts wait, and how many connections wait for one.
func (l *Listener) Waiting() (accepts, connections int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acceptors.list), len(l.ready)
}

// Waiting returns how many calls wait for the PacketConn.
func (c *PacketConn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.readers.list) + len(c.writers.list)
}

// Held returns what the datagrams count for that nobody has read.
func (c *PacketConn) Held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.size()
}

// PacketCost is what a datagram counts for beside its bytes.
const PacketCost = packetCost

// FireReadDeadline is what a timer does that was replaced too late to stop it.
func (c *Conn) FireReadDeadline() { c.reading.fire() }
