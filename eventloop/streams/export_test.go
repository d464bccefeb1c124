package streams

import (
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

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

// NewReader returns a StreamReader that belongs to no connection.
func NewReader(l *eventloop.Loop, source protocols.ReadTransport, limit int) *StreamReader {
	r := &StreamReader{source: source}
	r.init(l, schedulerOf(l).Tasks(), &shelf{}, limit)
	return r
}

// Beside returns a reader that shares its memory with r, as those of one server.
func (r *StreamReader) Beside() *StreamReader {
	beside := &StreamReader{source: r.source}
	beside.init(r.loop, r.tasks, r.in.shelf, r.limit)
	return beside
}

// Feed, FeedEOF and Fail are what a transport tells a reader.
func (r *StreamReader) Feed(data string) { r.feed([]byte(data)) }
func (r *StreamReader) FeedEOF()         { r.feedEOF() }
func (r *StreamReader) Fail(err error)   { r.fail(err) }

// Waits reports whether a task waits for the reader.
func (r *StreamReader) Waits() bool { return r.waiter != nil }

// Memory returns the size of the reader's own memory.
func (r *StreamReader) Memory() int { return cap(r.in.mem) }

// Waiting returns how many tasks wait for the writer.
func (w *StreamWriter) Waiting() int { return len(w.waiters) }

// Pause and Resume are what a transport tells a writer.
func (w *StreamWriter) Pause()  { w.pause() }
func (w *StreamWriter) Resume() { w.resume() }

// Paused reports whether writing is paused.
func (w *StreamWriter) Paused() bool { return w.paused }
