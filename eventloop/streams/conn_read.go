package streams

import (
	"context"
	"io"
	"net"
	"os"
)

// Read returns what is there, and waits if nothing is: a task is suspended, a
// goroutine blocked. It does not go through the loop for what is there. Errors
// come after the input that was received before them, except net.ErrClosed and
// a passed deadline. io.EOF means that the peer sends no more, or CloseRead.
func (c *Conn) Read(p []byte) (int, error) { return c.read(context.Background(), p) }

func (c *Conn) read(ctx context.Context, p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.opError("read", net.ErrClosed)
		case len(p) == 0:
			return 0, nil
		case c.reading.passed:
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		case c.in.len() > 0:
			return c.take(p), nil
		case c.eof || c.deaf:
			return 0, io.EOF
		case c.lost:
			return 0, c.loss("read")
		}
		if !c.in.rest(false) {
			_ = c.ask() // a closed loop is noticed by wait
		}
		if err := c.wait(ctx, &c.readers); err != nil {
			return 0, c.opError("read", err)
		}
	}
}

func (c *Conn) take(p []byte) int {
	n := c.in.take(p)
	if c.held && c.in.low() {
		c.resumeReading()
	}
	return n
}

func (c *Conn) resumeReading() {
	c.held = false
	c.ask()
}

// CloseRead ends reading: Reads return io.EOF, also those that wait. The peer is
// not told; what it sends from now on is received and dropped, so that its end
// of the connection goes on and a reset is noticed. It returns an error only
// after Close.
func (c *Conn) CloseRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	c.deaf = true
	c.in.drop()
	c.readers.wakeAll()
	if c.held {
		c.resumeReading()
	}
	return nil
}

// GetBuffer implements protocols.BufferedProtocol.
func (c *Conn) GetBuffer(int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.space()
}

// BufferUpdated implements protocols.BufferedProtocol.
func (c *Conn) BufferUpdated(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.filled(n)
	if c.closed || c.deaf {
		c.in.drop()
		return
	}
	if c.in.full() && !c.held {
		c.held, c.stopped = true, true
		c.transport.PauseReading()
	}
	c.readers.wakeAll()
}

// DataReceived implements protocols.Protocol, for what wraps a Conn and hides
// that it brings its own buffer.
func (c *Conn) DataReceived(data []byte) {
	for len(data) > 0 {
		n := copy(c.GetBuffer(len(data)), data)
		data = data[n:]
		c.BufferUpdated(n)
	}
}

// EOFReceived implements protocols.EOFReceiver. Writing goes on where the
// transport can do that (contract Q16).
func (c *Conn) EOFReceived() (keepOpen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eof = true
	c.readers.wakeAll()
	return c.transport.CanWriteEOF()
}
