package streams

import (
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// Close sends what was written and then closes the endpoint. It returns when
// that is handed over to the loop. Calls that wait return net.ErrClosed, and so
// do later ones, a second Close too.
func (c *PacketConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("close", nil, net.ErrClosed)
	}
	c.closed = true
	c.in = bag{}
	c.endWaits()
	if c.transport == nil {
		c.unwatch() // ConnectionLost may never come
	}
	_ = c.ask() // a loop that is closed has closed the endpoint
	return nil
}

func (c *PacketConn) endWaits() {
	c.reading.stop()
	c.writing.stop()
	c.readers.wakeAll()
	c.writers.wakeAll()
}

// ask has the loop do what the flags say is to be done. It returns an error if
// the loop is closed.
func (c *PacketConn) ask() error {
	switch {
	case c.transport == nil || c.asked || c.lost:
		return nil
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

func (c *PacketConn) attendLater() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = false
	c.attend()
}

// attend is the loop's part: datagrams, then the end, and reading again. What a
// WriteTo adds meanwhile has asked for another turn, and the end waits for that.
func (c *PacketConn) attend() {
	if c.lost {
		return
	}
	c.flush()
	if c.closed && !c.shutDown && c.out.empty() {
		c.shutDown = true
		c.unlocked(func() { _ = c.transport.Close() })
	}
	if c.stopped && !c.held {
		c.stopped = false
		c.unlocked(c.transport.(protocols.ReadTransport).ResumeReading)
	}
}

// ConnectionMade implements protocols.DatagramProtocol. A PacketConn serves one
// endpoint of its own loop; another is aborted.
func (c *PacketConn) ConnectionMade(t protocols.DatagramTransport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport != nil || !c.onLoop() {
		t.SetProtocol(protocols.DatagramBase{})
		t.Abort()
		panic(fmt.Errorf("%w: a streams.PacketConn is for one endpoint of the loop that it was made for", eventloop.ErrInvalidState))
	}
	c.transport = t
	c.writers.wakeAll()
	c.attend()
}

// PauseWriting implements protocols.FlowController.
func (c *PacketConn) PauseWriting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = true
}

// ResumeWriting implements protocols.FlowController.
func (c *PacketConn) ResumeWriting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = false
	c.writers.wakeAll()
	c.attend()
}

// ConnectionLost implements protocols.DatagramProtocol.
func (c *PacketConn) ConnectionLost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose(err)
}

func (c *PacketConn) loopClosed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose(eventloop.ErrLoopClosed)
}

func (c *PacketConn) lose(err error) {
	if c.lost {
		return
	}
	c.lost, c.lostErr = true, err
	c.out = bag{}
	c.endWaits()
	c.unwatch()
}

// cause is why the endpoint was lost: without an error, somebody closed its
// transport.
func (c *PacketConn) cause() error {
	if c.lostErr == nil {
		return net.ErrClosed
	}
	return c.lostErr
}
