package eventloop

import (
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// reservable is a transport that lends its output.
type reservable interface {
	protocols.Transport
	Reserve(transports.Reservation) error
	Feed(b []byte)
	Unreserve()
}

// transportOutput is the reserved output of a transport.
type transportOutput struct {
	send      *fileSend
	transport reservable
	begun     bool
	socket    *heldSocket // a duplicate of a stream's, for the kernel
}

var (
	_ fileOutput             = (*transportOutput)(nil)
	_ transports.Reservation = (*transportOutput)(nil)
)

// Ready implements transports.Reservation.
func (o *transportOutput) Ready() {
	if o.begun {
		o.send.fed()
		return
	}
	o.begun = true
	o.send.begin()
}

// Refused implements transports.Reservation.
func (o *transportOutput) Refused(sent int, _ error) { o.send.refused(sent) }

// Lost implements transports.Reservation.
func (o *transportOutput) Lost(err error) {
	if errors.Is(err, net.ErrClosed) {
		err = o.opError(err)
	}
	o.send.stop(err)
}

// whole is the output itself where the loop's driver sends files over a socket.
func (o *transportOutput) whole() wholeOutput {
	l := o.send.loop
	s, plain := o.transport.(*transports.Stream)
	if !plain || !l.driver.sendsFiles() || s.ExtraInfo("socket") == nil || l.table.Check(platform.SendfileNative) != nil {
		return nil
	}
	return o
}

// feedFile implements wholeOutput.
func (o *transportOutput) feedFile(file *os.File, offset int64, n int) (err error) {
	var fd int
	err = controlFile(file, func(original int) error {
		fd, err = platform.DupFD(original)
		return os.NewSyscallError("dup", err)
	})
	if err == nil {
		o.transport.(*transports.Stream).FeedFile(fd, offset, n)
	}
	return err
}

// direct duplicates the descriptor of a stream: a step in the executor must not
// use one that its transport may close.
func (o *transportOutput) direct() *heldSocket {
	l := o.send.loop
	s, plain := o.transport.(*transports.Stream)
	if !plain || !l.driver.knowsReadiness() || l.table.Check(platform.SendfileNative) != nil {
		return nil
	}
	fd, err := platform.DupFD(int(s.ExtraInfo("socket").(*platform.Socket).FD()))
	if err != nil {
		return nil // out of descriptors: copying needs none
	}
	socket := platform.Owning(fd, "")
	held, err := l.hold(platform.Sendfile, writerSide, socket, func() {})
	_ = socket.Close() // which leaves the descriptor to whoever holds it
	if err != nil {
		return nil
	}
	held.abandoned = o.send.abandoned
	o.socket = held
	return held
}

// feed is for good: the kernel's way was not to be had.
func (o *transportOutput) feed(b []byte) {
	o.free()
	o.transport.Feed(b)
}

func (o *transportOutput) free() {
	if o.socket != nil {
		o.socket.free()
		o.socket = nil
	}
}

// failed ends the transport: its own send would have got the error, and no later
// one will.
func (o *transportOutput) failed(err error) error {
	if s, plain := o.transport.(*transports.Stream); plain && isBroken(err) {
		s.FailReserved("sendfile", err)
	}
	return o.opError(err)
}

func (o *transportOutput) opError(err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError("sendfile", errno)
	}
	local, remote := o.transport.LocalAddr(), o.transport.RemoteAddr()
	failure := &net.OpError{Op: "sendfile", Source: local, Addr: remote, Err: err}
	if remote != nil {
		failure.Net = remote.Network()
	}
	return failure
}

func (o *transportOutput) end() {
	o.free()
	o.transport.Unreserve()
}

func (o *transportOutput) abandon() {
	if o.socket != nil {
		o.socket.release()
	}
}

// socketOutput is a socket of the program's own.
type socketOutput struct {
	send *fileSend
	held *heldSocket
	rest []byte // of what is fed
}

var _ fileOutput = (*socketOutput)(nil)

// whole is nothing: a socket of the program's own is not tied to the driver.
func (o *socketOutput) whole() wholeOutput { return nil }

func (o *socketOutput) direct() *heldSocket {
	if !o.send.loop.driver.knowsReadiness() || o.send.loop.table.Check(platform.SendfileNative) != nil {
		return nil
	}
	return o.held
}

func (o *socketOutput) feed(b []byte) {
	o.rest = b
	o.feedOn()
}

func (o *socketOutput) feedOn() {
	n, err := platform.Send(o.held.fd, o.rest)
	if err != nil && !platform.WouldBlock(err) {
		o.send.finish(o.failed(err))
		return
	}
	if o.rest = o.rest[max(n, 0):]; len(o.rest) == 0 {
		o.held.unwait()
		o.send.fed()
		return
	}
	if err := o.held.await(o.feedOn); err != nil {
		o.send.finish(err)
	}
}

func (o *socketOutput) failed(err error) error { return sockError("sendfile", o.held.socket, nil, err) }

func (o *socketOutput) end() { o.held.free() }

func (o *socketOutput) abandon() { o.held.release() }
