package transports

import (
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
)

// sendAtOnce is how many pending bytes are not worth coalescing: from here on
// the copy costs more than the system call saves.
const sendAtOnce = 16 << 10

// warnDropped is the dropped write from which on each one is warned about
// (contract E25).
const warnDropped = 5

// Write implements protocols.Transport.
func (s *Stream) Write(b []byte) (int, error) {
	if err := s.writable("Write", len(b)); err != nil || len(b) == 0 {
		return 0, err
	}
	s.put(b)
	s.limit()
	return len(b), nil
}

// WriteBuffers implements protocols.Transport.
func (s *Stream) WriteBuffers(bufs net.Buffers) (n int64, err error) {
	n = int64(length(bufs))
	if err := s.writable("WriteBuffers", int(n)); err != nil || n == 0 {
		return 0, err
	}
	for _, b := range bufs {
		s.put(b)
	}
	s.limit()
	return n, nil
}

func length(bufs net.Buffers) (n int) {
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// writable says whether n bytes can be accepted.
func (s *Stream) writable(method string, n int) error {
	if err := s.offLoop(method); err != nil {
		return err
	}
	if s.is(eofWanted | reserved) {
		return s.notMine(method)
	}
	if s.is(isLost|mute) && n > 0 {
		return s.drop(warnDropped)
	}
	return nil
}

// notMine says who has the output.
func (s *Stream) notMine(method string) error {
	if s.is(reserved) {
		return fmt.Errorf("%w: %s while a Sendfile is in progress", future.ErrInvalidState, method)
	}
	return fmt.Errorf("%w: %s after WriteEOF", future.ErrInvalidState, method)
}

// drop counts what is written after the end, and warns from the given one on.
func (s *Stream) drop(warnFrom uint32) error {
	if s.dropped++; s.dropped >= warnFrom {
		s.host.Warn("write to a closed transport dropped", "transport", s.String(), "dropped", s.dropped)
	}
	return net.ErrClosed
}

// put sends b now or adds it to what leaves when the running callback returns.
func (s *Stream) put(b []byte) {
	if len(b) == 0 || s.is(isLost) {
		return
	}
	if !s.is(sending) {
		if n := s.pending() + len(b); n >= sendAtOnce || n > s.marks.High {
			s.putNow(b)
			return
		}
	}
	s.hold(b)
}

// putNow gives b to the kernel behind what is pending, and arms the driver with
// what it does not take.
func (s *Stream) putNow(b []byte) {
	if s.offer(); s.pending() == 0 && !s.is(isLost|sending) {
		n, err := s.driver.TrySend(s.handle, b)
		if err != nil && err != ErrSubmitOnly {
			s.fail("write", err)
			return
		}
		b = b[n:]
	}
	if len(b) > 0 && !s.is(isLost) {
		s.hold(b)
		s.Flush()
	}
}

// hold copies b: the caller may reuse its memory (E4).
func (s *Stream) hold(b []byte) {
	if s.files().hold(b) {
		return
	}
	if s.out == nil {
		s.out = s.host.Buffers().take()
	}
	s.out.pending = append(s.out.pending, b...)
	if !s.is(sending | flushSoon) {
		s.state |= flushSoon
		s.host.RequestFlush(s)
	}
}

func (s *Stream) pending() int {
	if s.out == nil {
		return 0
	}
	return len(s.out.pending)
}

func (s *Stream) size() int {
	n := s.files().size()
	if s.out != nil {
		n += s.out.size()
	}
	if s.is(layered) {
		n += s.layer().held()
	}
	return n
}

// offer gives what is pending to the kernel, as far as it goes, without waiting
// for anything: before a question is answered or the state changes.
func (s *Stream) offer() {
	if s.is(sending|isLost) || s.pending() == 0 {
		return
	}
	n, err := s.driver.TrySend(s.handle, s.out.pending)
	if err == ErrSubmitOnly {
		s.Flush()
		s.settle()
		return
	}
	if err != nil {
		s.fail("write", err)
		return
	}
	if s.out.consume(n); len(s.out.pending) == 0 {
		s.release()
	}
}

// Flush implements Flusher. An offer may have left nothing to send; what waited
// for that is done here, because a question must not end the connection.
func (s *Stream) Flush() {
	s.state &^= flushSoon
	if s.is(sending | isLost) {
		return
	}
	if s.pending() == 0 {
		s.sendQueued()
		s.drained()
		return
	}
	switch n, err := s.driver.Send(s.handle, s.out.pending); {
	case err != nil:
		s.fail("write", err)
	case n == len(s.out.pending):
		s.release()
		s.sendQueued()
		s.drained()
	default:
		s.out.launch(n)
		s.state |= sending
	}
}

// Sent implements Sink. The protocol hears of it through CallSoon: this may run
// inside a call that the program makes.
func (s *Stream) Sent(n int, err error) {
	if s.is(isLost) {
		return
	}
	s.out.sent += n
	if err != nil {
		s.sendFailed(err)
		return
	}
	if s.out.sent == s.out.flying() {
		s.out.land()
		s.state &^= sending
		s.Flush()
	}
	if s.out != nil && s.size() == 0 {
		s.release()
	}
	s.drained()
}

// sendFailed is the end of the connection, or a file that the system does not
// send by itself.
func (s *Stream) sendFailed(err error) {
	s.state &^= sending
	if s.out.file == 0 {
		s.fail("write", err)
		return
	}
	if platform.IsDisconnect(err) {
		s.fail("sendfile", err)
		return
	}
	sent := s.out.sent
	if s.out.land(); !s.is(reserved) { // nobody wants the rest
		s.Flush()
		return
	}
	s.release()
	s.state &^= awaited
	s.hooks.reservation.Refused(sent, err)
}

// release lends the memory of an empty or given-up output back.
func (s *Stream) release() {
	if s.out != nil {
		s.host.Buffers().give(s.out)
		s.out = nil
	}
}

// drained does what waited for a smaller buffer, and what waited for an empty
// one. ResumeWriting comes before ConnectionLost (E31).
func (s *Stream) drained() {
	s.resumeLater()
	if s.size() > 0 || s.is(isLost|resumeSoon) || !s.is(eofWanted|isClosing|reserved) {
		return
	}
	if s.is(reserved) {
		s.ready()
		return
	}
	if s.is(eofWanted) && !s.is(eofSent) {
		s.state |= eofSent
		// A connection that is reset already has no half to close; its reader
		// will tell.
		_ = s.driver.CloseWrite(s.handle)
	}
	switch {
	case !s.is(isClosing):
	case s.is(layered):
		s.layer().shutdown()
	default:
		s.lose(nil)
	}
}

// WriteEOF implements protocols.Transport.
func (s *Stream) WriteEOF() error {
	if err := s.offLoop("WriteEOF"); err != nil {
		return err
	}
	if s.isPipe() {
		return noHalf("WriteEOF")
	}
	if !s.is(eofWanted | isClosing) {
		s.state |= eofWanted
		s.offer()
		s.drained()
	}
	return nil
}

// CanWriteEOF implements protocols.Transport.
func (s *Stream) CanWriteEOF() bool { return !s.isPipe() }
