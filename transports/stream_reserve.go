package transports

import (
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// A Reservation is whoever has a transport's output for itself, to send what the
// transport has not in its own buffer: a file. Its methods are called on the
// loop's goroutine, possibly inside a call that it makes, and run no user code.
type Reservation interface {
	// Ready says that nothing is buffered: once after Reserve, and once after
	// each Feed.
	Ready()

	// Refused says that the system does not send a file that FeedFile has passed on,
	// although the connection is sound: it sent only so many bytes of it. The
	// reservation goes on.
	Refused(sent int, err error)

	// Lost says that the reservation has ended because the transport was closed,
	// aborted, or has failed. err is never nil: net.ErrClosed for the first two.
	Lost(err error)
}

// Reserve keeps the output for r: Write gets ErrInvalidState until Unreserve.
// What is buffered is sent first. Reading rests meanwhile and is restored
// (contract O1 to O3); PauseReading and ResumeReading say how. An end of output
// that is asked for comes after Unreserve. ErrInvalidState if the transport is
// closing, its output ended, or reserved already.
func (s *Stream) Reserve(r Reservation) error {
	if s.IsClosing() {
		return fmt.Errorf("%w: the transport is closing", future.ErrInvalidState)
	}
	if s.is(eofWanted | reserved) {
		return s.notMine("Sendfile")
	}
	own := &Hooks{}
	if s.hooks != nil {
		*own = *s.hooks
	}
	own.reservation, own.before = r, s.hooks
	s.hooks = own
	s.state |= reserved | awaited
	if !s.is(inputPaused) {
		s.PauseReading()
		s.state |= inputRests
	}
	s.offer()
	s.drained()
	return nil
}

// Feed sends b, whose memory is the caller's again when it returns, and then
// calls Ready. Only between Ready and Unreserve.
func (s *Stream) Feed(b []byte) {
	s.state |= awaited
	s.putNow(b)
	s.drained()
}

// FeedFile is Feed of n bytes of a regular file, from offset on, which the system
// sends by itself; n is positive. fd is a descriptor of the file and belongs to the
// stream from the call on. Instead of Ready there may come Refused. The host's
// driver must be a FileSender.
func (s *Stream) FeedFile(fd int, offset int64, n int) {
	s.state |= awaited | sending
	if s.out == nil {
		s.out = s.host.Buffers().take()
	}
	s.out.file = n
	if err := s.driver.(FileSender).SendFile(s.handle, fd, offset, n); err != nil {
		s.state &^= sending
		s.fail("sendfile", err)
	}
}

// ready tells the reservation once that its turn has come.
func (s *Stream) ready() {
	if s.is(awaited) {
		s.state &^= awaited
		s.hooks.reservation.Ready()
	}
}

// Unreserve gives the output back. What Feed left behind is still sent, before
// anything that is written now. Without a reservation it does nothing.
func (s *Stream) Unreserve() {
	if !s.is(reserved) {
		return
	}
	s.dismiss()
	if s.is(inputRests) {
		s.state &^= inputRests
		s.ResumeReading()
	}
	s.drained()
}

// FailReserved ends the transport after an error of the system that its
// reservation got where the driver would have got it; Lost is not called.
func (s *Stream) FailReserved(op string, err error) {
	s.dismiss()
	s.fail(op, err)
}

func (s *Stream) dismiss() (r Reservation) {
	r = s.hooks.reservation
	s.hooks = s.hooks.before
	s.state &^= reserved | awaited
	return r
}

// breakReservation ends a reservation that the transport does not survive.
func (s *Stream) breakReservation(cause error) {
	if !s.is(reserved) {
		return
	}
	if cause == nil {
		cause = net.ErrClosed
	}
	s.dismiss().Lost(cause)
}
