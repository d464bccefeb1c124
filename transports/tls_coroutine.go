package transports

import (
	"context"
	"iter"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// coroutine runs a handshake on the loop's goroutine, which it leaves wherever
// crypto/tls wants to read and nothing is there.
type coroutine struct {
	t       *TLS
	next    func() (struct{}, bool)
	yield   func(struct{}) bool
	ended   error
	err     error // of the handshake
	running bool
}

// start makes the coroutine. The runtime wants it made where it is resumed.
func (c *coroutine) start() {
	c.err = future.ErrGoexit
	c.next, _ = iter.Pull(c.run)
	c.resume()
}

func (c *coroutine) run(yield func(struct{}) bool) {
	defer func() {
		if v := recover(); v != nil {
			c.err = future.NewPanicError(v)
		}
	}()
	c.yield = yield
	c.err = c.t.conn.HandshakeContext(context.Background())
}

// resume goes on until the handshake is over or needs more input.
func (c *coroutine) resume() {
	t := c.t
	t.collect()
	c.running = true
	_, more := c.next()
	c.running = false
	t.send()
	switch {
	case !more:
		t.shaken(c.err)
	case c.ended != nil:
		c.end(c.ended) // by a callback of the configuration
	}
}

func (c *coroutine) feed(b []byte) {
	c.t.records.in = b
	c.resume()
	c.t.records.in = nil
}

// end lets the handshake run into the end. On a closed loop nobody resumes it, and
// it is only unwound.
func (c *coroutine) end(err error) {
	if c.ended = err; !c.running {
		c.resume()
	}
}

func (c *coroutine) read(p []byte) (int, error) {
	for {
		if n := c.t.records.take(p); n > 0 {
			return n, nil
		}
		if c.ended != nil {
			return 0, c.ended
		}
		c.yield(struct{}{})
	}
}

func (c *coroutine) write(p []byte) (int, error) {
	c.t.out = append(c.t.out, p...)
	return len(p), nil
}
