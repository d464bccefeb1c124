package streams

import (
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// ConnectionMade implements protocols.Protocol.
func (c *Conn) ConnectionMade(t protocols.Transport) {
	c.begin(t)
	if c.arrived != nil {
		c.arrived(c)
	}
}

// begin makes t the Conn's transport. A Conn serves one connection of its own
// loop: a factory that returns it twice, or to another loop, is a fault of the
// program.
func (c *Conn) begin(t protocols.Transport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport != nil || !c.onLoop() {
		t.SetProtocol(protocols.Base{})
		t.Abort()
		panic(fmt.Errorf("%w: a streams.Conn is for one connection of the loop that it was made for", eventloop.ErrInvalidState))
	}
	c.transport = t
	c.writers.wakeAll()
	c.attend()
}

// ConnectionLost implements protocols.Protocol.
func (c *Conn) ConnectionLost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose(err)
}
