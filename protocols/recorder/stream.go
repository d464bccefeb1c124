package recorder

import "github.com/tidemill-go/tidemill/protocols"

// Stream is a Protocol that also hears of the end of input and of flow control.
type Stream struct {
	Protocol

	// OnEOF decides what EOFReceived returns. Nil stands for false: the
	// transport closes.
	OnEOF func() (keepOpen bool)

	// OnPause and OnResume run after the call was recorded; each may be nil.
	OnPause  func()
	OnResume func()
}

var (
	_ protocols.Protocol       = (*Stream)(nil)
	_ protocols.EOFReceiver    = (*Stream)(nil)
	_ protocols.FlowController = (*Stream)(nil)
)

// EOFReceived records the call and returns what OnEOF says.
func (s *Stream) EOFReceived() (keepOpen bool) {
	defer s.leave()
	s.enter(Event{Kind: EOF}, nil)
	return s.OnEOF != nil && s.OnEOF()
}

// PauseWriting records the call and runs OnPause.
func (s *Stream) PauseWriting() {
	defer s.leave()
	s.enter(Event{Kind: Pause}, nil)
	if s.OnPause != nil {
		s.OnPause()
	}
}

// ResumeWriting records the call and runs OnResume.
func (s *Stream) ResumeWriting() {
	defer s.leave()
	s.enter(Event{Kind: Resume}, nil)
	if s.OnResume != nil {
		s.OnResume()
	}
}
