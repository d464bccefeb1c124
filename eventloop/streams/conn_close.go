package streams

import (
	"context"
	"net"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// Close sends what was written and then closes the connection. It returns when
// that is handed over to the loop, not when it is done: WaitClosed waits for
// that. After the linger time the connection is aborted. Calls that wait return
// net.ErrClosed, and so do later ones, a second Close too.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	c.shut()
	return nil
}

// Abort closes the connection without sending what was written. It may also cut
// a Close short, and does nothing to a connection that is lost.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aborted = true
	c.out = nil
	c.shut()
}

func (c *Conn) shut() {
	c.closed = true
	c.in.drop()
	c.reading.stop()
	c.writing.stop()
	c.wakeEverybody()
	if c.transport == nil {
		c.unwatch() // ConnectionLost may never come
	}
	_ = c.ask() // a loop that is closed has closed the connection
}

func (c *Conn) wakeEverybody() {
	c.readers.wakeAll()
	c.writers.wakeAll()
	c.turns.wakeAll()
	c.waiting.wakeAll()
}

// WaitClosed waits until the connection is over, which it does not bring about,
// and returns the error that ended it, nil after a Close that has sent
// everything, or an Abort. If ctx ends first it returns its cause.
func (c *Conn) WaitClosed(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.lost {
		if err := c.wait(ctx, &c.waiting); err != nil {
			return err
		}
	}
	return c.lostErr
}

// ask has the loop do what the flags say is to be done. It returns an error if
// the loop is closed, and then the connection is lost.
func (c *Conn) ask() error {
	switch {
	case c.transport == nil || c.asked || c.lost:
		return nil // ConnectionMade will; it will; or nobody can
	case c.onLoop():
		c.attend()
		return nil
	}
	if err := c.sched.Post(c.later); err != nil {
		c.lose(err)
		return err
	}
	c.asked = true
	return nil
}

func (c *Conn) attendLater() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = false
	c.attend()
}

// attend is the loop's part: bytes, then the ends, and reading again. The lock
// is not held while the transport is called: it may call back. What a Write adds
// meanwhile has asked for another turn, and the ends wait for that.
func (c *Conn) attend() {
	switch t := c.transport; {
	case c.lost || c.done.abort:
	case c.aborted:
		c.done.abort = true
		c.unlocked(t.Abort)
	default:
		c.flush()
		if c.mute && !c.done.eof && len(c.out) == 0 {
			c.done.eof = true
			c.unlocked(c.writeEOF)
		}
		if c.closed && !c.done.close && len(c.out) == 0 {
			c.done.close = true
			c.unlocked(c.closeTransport)
		}
		if c.stopped && !c.held {
			c.stopped = false
			c.unlocked(t.ResumeReading)
		}
		c.in.rest(true)
	}
}

// writeEOF can only be refused if CloseWrite came before the transport.
func (c *Conn) writeEOF() {
	if err := endOutput(c.transport); err != nil {
		c.mu.Lock()
		c.refused = err
		c.mu.Unlock()
	}
}

// endOutput ends the sending half of a transport: that of TLS, which has no
// half-close, by close_notify.
func endOutput(t protocols.Transport) error {
	if half, ok := t.(protocols.CloseWriter); ok {
		return half.CloseWrite()
	}
	return t.WriteEOF()
}

func canEndOutput(t protocols.Transport) bool {
	_, ok := t.(protocols.CloseWriter)
	return ok || t.CanWriteEOF()
}

// closeTransport starts the linger time if something is left to send.
func (c *Conn) closeTransport() {
	_ = c.transport.Close() // always nil
	if c.linger > 0 && c.transport.WriteBufferSize() > 0 {
		timer := time.AfterFunc(c.linger, c.Abort)
		c.mu.Lock()
		c.impatient = timer
		c.mu.Unlock()
	}
}

// loopClosed is called when nobody will call ConnectionLost any more.
func (c *Conn) loopClosed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose(eventloop.ErrLoopClosed)
}

// lose ends everything; the first cause stays.
func (c *Conn) lose(err error) {
	if c.lost {
		return
	}
	c.lost, c.lostErr = true, err
	c.out, c.spare = nil, nil
	if c.impatient != nil {
		c.impatient.Stop()
	}
	c.reading.stop()
	c.writing.stop()
	c.wakeEverybody()
	c.unwatch()
}

// cause is why the connection was lost: without an error, somebody closed its
// transport.
func (c *Conn) cause() error {
	if c.lostErr == nil {
		return net.ErrClosed
	}
	return c.lostErr
}

func (c *Conn) loss(op string) error { return c.opError(op, c.cause()) }
