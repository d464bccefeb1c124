package transports

import (
	"errors"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// Close implements protocols.Transport.
func (s *Stream) Close() error {
	s.mustBeOnLoop("Close")
	if s.is(isClosing) {
		return nil
	}
	s.state |= isClosing
	s.driver.Read(s.handle, false)
	s.offer()
	s.breakReservation(net.ErrClosed)
	s.drained()
	return nil
}

// Abort implements protocols.Transport. What was coalesced is offered to the
// kernel once: a program whose every Write is a send would have sent it.
func (s *Stream) Abort() {
	s.mustBeOnLoop("Abort")
	s.offer()
	s.lose(nil)
}

// fail ends the connection after an error of the system, which is the
// connection's business and not reported to the exception handler (D33).
func (s *Stream) fail(op string, err error) {
	if s.is(hangsUp) && op == "write" && errors.Is(err, syscall.EIO) {
		s.hungUp()
		return
	}
	s.lose(s.opError(op, err))
}

// protocolFailed ends the connection after a fault of its protocol. What the
// protocol had written before is offered to the kernel first.
func (s *Stream) protocolFailed(message string, err error) {
	s.offer()
	s.report(message, err)
	s.lose(err)
}

func (s *Stream) report(message string, err error) {
	s.host.Report(Failure{Message: message, Err: err, Transport: s.self(), Protocol: s.protocol})
}

// guard is deferred around a call of the protocol.
func (s *Stream) guard(callback string) {
	if v := recover(); v != nil {
		s.protocolFailed(callback+" panicked", future.NewPanicError(v))
	}
}

// lose schedules ConnectionLost. The first cause wins (D34), and whatever is
// buffered is gone.
func (s *Stream) lose(err error) {
	if s.is(isLost) {
		return
	}
	s.state |= isClosing | isLost
	s.driver.Read(s.handle, false)
	s.breakReservation(err)
	s.release()
	s.files().dropQueue()
	s.state &^= sending
	if s.is(layered) {
		s.layer().abandon(err)
		return
	}
	s.host.CallSoon(func() { s.connectionLost(err) })
}

// connectionLost closes the descriptor after the protocol has been told, and
// also if it panics: inside ConnectionLost the descriptor is still there (D11).
func (s *Stream) connectionLost(err error) {
	defer func() {
		s.state |= isDone
		if s.hooks != nil && s.hooks.Closing != nil {
			s.hooks.Closing(s)
		}
		s.DropFiles()
		s.names.release()
		s.driver.Close(s.handle)
		s.protocol, s.buffered = nil, nil
		if s.hooks != nil && s.hooks.Lost != nil {
			s.hooks.Lost(s)
		}
	}()
	s.protocol.ConnectionLost(err)
}

// LoopClosed implements Orphan.
func (s *Stream) LoopClosed() {
	if l, ok := s.protocol.(*lower); ok {
		(*TLS)(l).drop()
	}
}
