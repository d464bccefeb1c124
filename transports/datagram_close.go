package transports

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// Close implements protocols.BaseTransport.
func (d *Datagram) Close() error {
	d.mustBeOnLoop("Close")
	if d.is(isClosing) {
		return nil
	}
	d.state |= isClosing
	d.host.Driver().Read(d.handle, false)
	d.drained()
	return nil
}

// Abort implements protocols.BaseTransport. What waits only for the end of the
// batch that is being handed out is offered to the kernel once: a program whose
// every SendTo is a send would have sent it.
func (d *Datagram) Abort() {
	d.mustBeOnLoop("Abort")
	d.offer()
	d.lose(nil)
}

// lose schedules ConnectionLost. The first cause wins, and whatever is queued is
// gone.
func (d *Datagram) lose(err error) {
	if d.is(isLost) {
		return
	}
	d.state |= isClosing | isLost
	d.host.Driver().Read(d.handle, false)
	d.unblock()
	d.release()
	d.held = nil
	d.host.CallSoon(func() { d.connectionLost(err) })
}

// connectionLost closes the descriptor after the protocol has been told, and
// also if it panics.
func (d *Datagram) connectionLost(err error) {
	defer func() {
		d.state |= isDone
		d.socket.Release()
		d.host.Driver().Close(d.handle)
		d.protocol, d.batches = nil, nil
		if d.hooks != nil && d.hooks.Lost != nil {
			d.hooks.Lost(d)
		}
	}()
	d.protocol.ConnectionLost(err)
}

// errorReceived tells the protocol of what failed. Its panic is reported like
// that of any callback and ends nothing.
func (d *Datagram) errorReceived(err error) {
	if d.is(isLost) {
		return
	}
	defer d.guard("ErrorReceived")
	d.protocol.ErrorReceived(err)
}

// guard is deferred around a call of the protocol. That call counts as a
// callback of the loop of its own (contract I20).
func (d *Datagram) guard(callback string) {
	if v := recover(); v != nil {
		d.host.Report(Failure{Message: callback + " panicked", Err: future.NewPanicError(v), Callback: true})
	}
}

// opError gives an error of the system the shape that package net gives it.
func (d *Datagram) opError(op string, to net.Addr, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	if to == nil {
		to = d.remote
	}
	return &net.OpError{Op: op, Net: d.network, Source: d.local, Addr: to, Err: err}
}

// offLoop is debug mode's check of who calls.
func (d *Datagram) offLoop(method string) error {
	if d.host.Debug() && !d.host.OnLoop() {
		return fmt.Errorf("%w: %s of a transport from outside its loop's goroutine", future.ErrInvalidState, method)
	}
	return nil
}

func (d *Datagram) mustBeOnLoop(method string) {
	if err := d.offLoop(method); err != nil {
		panic(err)
	}
}
