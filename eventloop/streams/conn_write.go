package streams

import (
	"context"
	"net"
	"os"
	"syscall"
)

// Write sends p, which it does not keep. While the transport is over its
// high-water mark it waits: a task is suspended, a goroutine blocked. It returns
// when the transport or the loop's next turn has p, not when the peer has: an
// error of the connection comes out at a later call. The number of bytes is less
// than len(p) only beside an error. Writes at the same time do not mix.
func (c *Conn) Write(p []byte) (int, error) { return c.write(context.Background(), p) }

func (c *Conn) write(ctx context.Context, p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.takeTurn(ctx); err != nil {
		return 0, c.opError("write", err)
	}
	defer c.passTurn()
	for {
		if err := c.unwritable(); err != nil {
			return n, c.opError("write", err)
		}
		var k int
		if k, err = c.accept(p[n:]); err != nil {
			return n, c.opError("write", err)
		}
		if n += k; n == len(p) {
			return n, nil
		}
		if k == 0 {
			if err = c.wait(ctx, &c.writers); err != nil {
				return n, c.opError("write", err)
			}
		}
	}
}

// takeTurn waits until no other Write goes on.
func (c *Conn) takeTurn(ctx context.Context) error {
	for c.busy {
		if err := c.unwritable(); err != nil {
			return err
		}
		if err := c.wait(ctx, &c.turns); err != nil {
			if !c.busy {
				c.turns.wakeFirst() // the turn may have been ours
			}
			return err
		}
	}
	if err := c.unwritable(); err != nil {
		c.turns.wakeFirst()
		return err
	}
	c.busy = true
	return nil
}

func (c *Conn) passTurn() {
	c.busy = false
	c.turns.wakeFirst()
}

// unwritable says why nothing can be written.
func (c *Conn) unwritable() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.writing.passed:
		return os.ErrDeadlineExceeded
	case c.lost:
		return c.cause()
	case c.mute:
		return os.NewSyscallError("write", syscall.EPIPE)
	}
	return c.refused
}

// accept takes a part of p, as much as flow control allows: nothing while
// writing is paused. On the loop the transport gets it at once; elsewhere it is
// left for the loop.
func (c *Conn) accept(p []byte) (n int, err error) {
	if c.transport == nil || c.paused {
		return 0, nil
	}
	if c.onLoop() {
		c.flush()
		if n = min(len(p), writeLimit); c.paused || n == 0 {
			return 0, nil
		}
		return c.pass(p[:n])
	}
	n = min(len(p), writeLimit-len(c.out))
	c.out = append(c.out, p[:n]...)
	if n == 0 {
		return 0, nil
	}
	return n, c.ask()
}

// pass gives the transport bytes, on the loop. It may call PauseWriting, and so
// the lock is not held meanwhile; nobody else writes.
func (c *Conn) pass(p []byte) (int, error) {
	c.mu.Unlock()
	defer c.mu.Lock()
	return c.transport.Write(p)
}

// flush gives the transport what Writes have left, on the loop. Flow control has
// no say once the Conn is closed: it bounds what more there may be.
func (c *Conn) flush() {
	if len(c.out) == 0 || c.paused && !c.closed {
		return
	}
	out := c.out
	c.out, c.spare = c.spare[:0], nil
	if _, err := c.pass(out); err != nil {
		c.refused = err
	}
	if cap(out) <= smallBuffer || len(c.out) > 0 {
		c.spare = out[:0]
	}
	c.writers.wakeAll()
}

// CloseWrite sends what was written and then the end of input to the peer, which
// may go on sending. Later Writes fail with syscall.EPIPE. It returns at once; an
// error that is errors.ErrUnsupported where the transport can not do it, net.ErrClosed
// after Close.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return c.opError("close", net.ErrClosed)
	case c.lost:
		return c.loss("close")
	case c.transport != nil && !canEndOutput(c.transport):
		return c.opError("close", c.transport.WriteEOF())
	}
	c.mute = true
	c.writers.wakeAll()
	c.turns.wakeAll()
	return c.ask()
}

// PauseWriting implements protocols.FlowController.
func (c *Conn) PauseWriting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = true
}

// ResumeWriting implements protocols.FlowController.
func (c *Conn) ResumeWriting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = false
	c.writers.wakeAll()
	c.attend()
}
