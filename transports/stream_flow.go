package transports

import (
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// SetWriteBufferLimits implements protocols.Transport.
func (s *Stream) SetWriteBufferLimits(w protocols.Watermarks) error {
	if err := s.offLoop("SetWriteBufferLimits"); err != nil {
		return err
	}
	marks, err := w.Resolve()
	if err != nil {
		return err
	}
	s.offer()
	s.marks = marks
	s.limit()
	return nil
}

// WriteBufferLimits implements protocols.Transport.
func (s *Stream) WriteBufferLimits() protocols.Watermarks { return s.marks }

// WriteBufferSize implements protocols.Transport.
func (s *Stream) WriteBufferSize() int {
	s.mustBeOnLoop("WriteBufferSize")
	s.settle()
	s.offer()
	return s.size()
}

// settle makes the size of a flight true: a completion driver may hold what the
// kernel would take.
func (s *Stream) settle() {
	if s.is(sending) {
		s.driver.Settle()
	}
}

// limit pauses the writer when the buffer is over the high mark.
func (s *Stream) limit() {
	if s.size() <= s.marks.High || s.is(writerPaused|isLost) {
		return
	}
	if s.settle(); s.size() <= s.marks.High || s.is(isLost) {
		return
	}
	s.state |= writerPaused
	if s.is(controlsFlow) {
		s.callFlow("PauseWriting", protocols.FlowController.PauseWriting)
	}
}

// resumeLater schedules ResumeWriting once the buffer is down at the low mark.
func (s *Stream) resumeLater() {
	if s.is(writerPaused) && !s.is(resumeSoon|isLost|reserved) && s.size() <= s.marks.Low {
		s.state |= resumeSoon
		s.host.CallSoon(s.resume)
	}
}

// resume looks again: callbacks that ran meanwhile may have filled the buffer.
func (s *Stream) resume() {
	s.state &^= resumeSoon
	if s.is(writerPaused) && !s.is(isLost|reserved) && s.size() <= s.marks.Low {
		s.state &^= writerPaused
		if s.is(controlsFlow) {
			s.callFlow("ResumeWriting", protocols.FlowController.ResumeWriting)
		}
	}
	s.drained()
}

// callFlow survives a panic: the write succeeds and the connection goes on (D32).
func (s *Stream) callFlow(name string, call func(protocols.FlowController)) {
	defer func() {
		if v := recover(); v != nil {
			s.report(name+" panicked", future.NewPanicError(v))
		}
	}()
	call(s.protocol.(protocols.FlowController))
}
