package eventloop

import (
	"errors"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// errAgain is what an attempt returns that has done something, but not all.
var errAgain = errors.New("the call goes on when the socket is ready")

// sockCall is one raw socket call: attempts, of which the first is made at once,
// and another one whenever the socket is ready, until one has an outcome.
type sockCall[T any] struct {
	loop    *Loop
	op      platform.Operation
	name    string // of the system call, for errors
	which   side
	socket  *platform.Socket
	to      net.Addr // for errors; nil: whoever the socket is connected to
	attempt func(fd int) (T, error)
	dispose func(T) // of what an attempt has brought; nil: there is nothing to close

	held   *heldSocket
	result *Future[T]
}

// refusal says why the call can not begin.
func (c *sockCall[T]) refusal() error {
	if err := c.loop.table.Check(c.op); err != nil {
		return err
	}
	if c.socket == nil {
		return invalid("%s of a nil socket", c.op)
	}
	return nil
}

// start is the call, from any goroutine.
func (c *sockCall[T]) start() *Future[T] {
	if err := c.refusal(); err != nil {
		return failed[T](c.loop, err)
	}
	return submit(c.loop, c.begin)
}

func (c *sockCall[T]) begin(f *Future[T]) {
	var err error
	c.result = f
	c.held, err = c.loop.hold(c.op, c.which, c.socket, c.closing)
	if err != nil {
		f.SetError(sockError(c.name, c.socket, c.to, err))
		return
	}
	f.OnCancel(c.held.free)
	c.try()
}

func (c *sockCall[T]) try() {
	v, err := c.attempt(c.held.fd)
	if putOff(err) {
		if err = c.held.await(c.try); err == nil {
			return
		}
	}
	c.finish(v, err)
}

// putOff reports whether an attempt has to be repeated: only a bare errno says
// so.
func putOff(err error) bool {
	errno, bare := err.(syscall.Errno)
	return err == errAgain || bare && platform.WouldBlock(errno)
}

func (c *sockCall[T]) finish(v T, err error) {
	err = sockError(c.name, c.socket, c.to, err)
	c.held.free()
	if err == nil && c.dispose != nil {
		c.result.Deliver(v, func() { c.dispose(v) })
		return
	}
	settle(c.result, v, err)
}

// closing ends a call whose socket the program has closed.
func (c *sockCall[T]) closing() {
	if !c.result.Done() {
		var zero T
		c.finish(zero, net.ErrClosed)
	}
}
