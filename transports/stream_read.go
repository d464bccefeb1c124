package transports

import (
	"errors"
	"fmt"
	"io"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// PauseReading implements protocols.Transport.
func (s *Stream) PauseReading() {
	s.mustBeOnLoop("PauseReading")
	s.state &^= inputRests
	if s.is(inputPaused | isClosing) {
		return
	}
	s.state |= inputPaused
	if s.is(isMade) {
		s.driver.Read(s.handle, false)
	}
}

// ResumeReading implements protocols.Transport.
func (s *Stream) ResumeReading() {
	s.mustBeOnLoop("ResumeReading")
	if !s.is(inputPaused) || s.is(isClosing) {
		return
	}
	if s.is(reserved) {
		s.state |= inputRests
		return
	}
	s.state &^= inputPaused
	if s.is(isMade) && !s.is(inputOver) {
		s.driver.Read(s.handle, true)
	}
}

// IsReading implements protocols.Transport. It stays true after an end of input
// that the protocol chose to survive (F12). Coalesced writes are offered first,
// as for IsClosing: one that fails ends the reading too.
func (s *Stream) IsReading() bool {
	s.offer()
	return !s.deaf()
}

// deaf reports whether nothing may be delivered now.
func (s *Stream) deaf() bool { return s.is(inputPaused | isClosing) }

// ReadBuffer implements Sink.
func (s *Stream) ReadBuffer() []byte {
	return s.getBuffer(-1)
}

// getBuffer asks the protocol for memory; nil means that nothing may be put
// anywhere now, or that the protocol is no longer a buffered one. A protocol
// that is replaced while it answers is not the one to be told of the bytes.
func (s *Stream) getBuffer(hint int) []byte {
	for s.buffered != nil && !s.deaf() {
		s.state &^= switched
		if b := s.askBuffer(hint); !s.is(switched) {
			return b
		}
	}
	return nil
}

func (s *Stream) askBuffer(hint int) (b []byte) {
	defer s.guard("GetBuffer")
	if b = s.buffered.GetBuffer(hint); len(b) == 0 && !s.is(switched) {
		s.protocolFailed("GetBuffer returned an empty buffer",
			fmt.Errorf("%w: GetBuffer returned an empty buffer", future.ErrInvalidState))
	}
	return b
}

// Filled implements Sink.
func (s *Stream) Filled(n int) {
	defer s.guard("BufferUpdated")
	s.buffered.BufferUpdated(n)
}

// Received implements Sink. A buffered protocol is fed piece by piece (F24); one
// that becomes buffered, or stops being it, gets what is left in its own style.
func (s *Stream) Received(b []byte) (consumed int) {
	for consumed < len(b) && !s.deaf() {
		rest := b[consumed:]
		if s.buffered == nil {
			consumed = len(b)
			s.deliver(rest)
			break
		}
		if to := s.getBuffer(len(rest)); to != nil && !s.deaf() {
			n := copy(to, rest)
			consumed += n
			s.Filled(n)
		}
	}
	return consumed
}

func (s *Stream) deliver(b []byte) {
	if s.host.Debug() {
		defer poison(b)
	}
	defer s.guard("DataReceived")
	s.protocol.DataReceived(b)
}

// poison makes a protocol that keeps its slice fail in its specs.
func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}

// ReadEnd implements Sink.
func (s *Stream) ReadEnd(err error) {
	s.state |= inputOver
	if !errors.Is(err, io.EOF) {
		s.fail("read", err)
		return
	}
	if !s.keepsOpen() {
		s.Close()
	}
}

// keepsOpen tells the protocol of the end of input and asks what to do.
func (s *Stream) keepsOpen() (keepOpen bool) {
	if !s.is(receivesEOF) {
		return false
	}
	defer s.guard("EOFReceived")
	return s.protocol.(protocols.EOFReceiver).EOFReceived()
}
