package streams

import "github.com/tidemill-go/tidemill/protocols"

// adopt makes c the protocol of a connection that had another one until now,
// which tells what it has heard: input that nobody has read, the end of input,
// that writing is paused.
func (c *Conn) adopt(t protocols.Transport, input []byte, eof, paused bool) {
	t.SetProtocol(c)
	c.mu.Lock()
	c.transport, c.paused = t, paused
	c.mu.Unlock()
	c.DataReceived(input)
	if eof {
		c.EOFReceived()
	}
}
