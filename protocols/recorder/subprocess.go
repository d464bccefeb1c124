package recorder

import (
	"fmt"
	"slices"

	"github.com/tidemill-go/tidemill/protocols"
)

// Subprocess is for child processes what Stream is for streams.
//
// Its zero value is ready for use. Hooks run after their call was recorded, and
// each may be nil; the slice given to OnData is valid during the call only.
type Subprocess struct {
	OnMade     func(t protocols.SubprocessTransport)
	OnData     func(fd int, data []byte)
	OnPipeLost func(fd int, err error)
	OnExited   func()
	OnPause    func()
	OnResume   func()
	OnLost     func(err error)

	log       Protocol // its events, their order, and Done
	transport protocols.SubprocessTransport
	open      map[int]bool // pipes that are there, until they are lost
	exited    bool
}

var (
	_ protocols.SubprocessProtocol = (*Subprocess)(nil)
	_ protocols.FlowController     = (*Subprocess)(nil)
)

// ConnectionMade records the call and runs OnMade.
func (s *Subprocess) ConnectionMade(t protocols.SubprocessTransport) {
	defer s.log.leave()
	open := pipesOf(t)
	s.log.enter(Event{Kind: Made}, func() string {
		s.transport, s.open = t, open
		if t == nil {
			return "made without a transport"
		}
		return ""
	})
	if s.OnMade != nil {
		s.OnMade(t)
	}
}

// pipesOf returns the numbers of the pipes whose end is to be told. A PTY is one,
// of number 1.
func pipesOf(t protocols.SubprocessTransport) map[int]bool {
	open := map[int]bool{}
	if t == nil {
		return open
	}
	for fd := range 3 {
		if t.PipeTransport(fd) != nil {
			open[fd] = true
		}
	}
	if open[0] && t.PipeTransport(0) == t.PipeTransport(1) {
		delete(open, 0)
	}
	return open
}

// PipeDataReceived records a copy of data and runs OnData.
func (s *Subprocess) PipeDataReceived(fd int, data []byte) {
	defer s.log.leave()
	s.log.enter(Event{Kind: Data, FD: fd, Data: slices.Clone(data)}, func() string {
		switch {
		case !s.open[fd]:
			return fmt.Sprintf("data of pipe %d, which is not there", fd)
		case len(data) == 0:
			return "data without a byte"
		}
		return ""
	})
	if s.OnData != nil {
		s.OnData(fd, data)
	}
}

// PipeConnectionLost records the call and runs OnPipeLost.
func (s *Subprocess) PipeConnectionLost(fd int, err error) {
	defer s.log.leave()
	s.log.enter(Event{Kind: PipeLost, FD: fd, Err: err}, func() (wrong string) {
		if !s.open[fd] {
			wrong = fmt.Sprintf("loss of pipe %d, which is not there", fd)
		}
		delete(s.open, fd)
		return wrong
	})
	if s.OnPipeLost != nil {
		s.OnPipeLost(fd, err)
	}
}

// ProcessExited records the call and runs OnExited.
func (s *Subprocess) ProcessExited() {
	defer s.log.leave()
	s.log.enter(Event{Kind: Exited}, func() (wrong string) {
		if s.exited {
			wrong = "exited twice"
		}
		s.exited = true
		return wrong
	})
	if s.OnExited != nil {
		s.OnExited()
	}
}

// PauseWriting records the call and runs OnPause.
func (s *Subprocess) PauseWriting() {
	defer s.log.leave()
	s.log.enter(Event{Kind: Pause}, nil)
	if s.OnPause != nil {
		s.OnPause()
	}
}

// ResumeWriting records the call and runs OnResume.
func (s *Subprocess) ResumeWriting() {
	defer s.log.leave()
	s.log.enter(Event{Kind: Resume}, nil)
	if s.OnResume != nil {
		s.OnResume()
	}
}

// ConnectionLost records the call, runs OnLost and closes Done, even if OnLost
// panics.
func (s *Subprocess) ConnectionLost(err error) {
	defer s.log.finish()
	defer s.log.leave()
	s.log.enter(Event{Kind: Lost, Err: err}, func() string {
		switch {
		case !s.exited:
			return "lost before exited"
		case len(s.open) > 0:
			return "lost before every pipe"
		case err != nil:
			return "lost with an error"
		}
		return ""
	})
	if s.OnLost != nil {
		s.OnLost(err)
	}
}

// Adopt is as of Protocol: s is about to take over t by SetProtocol.
func (s *Subprocess) Adopt(t protocols.SubprocessTransport) {
	open := pipesOf(t)
	s.log.Adopt(nil)
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.transport, s.open = t, open
}

// Events returns what was recorded so far, in order. Any goroutine.
func (s *Subprocess) Events() []Event { return s.log.Events() }

// String returns the events in one line, such as
//
//	made data1(5) data2(3) pipe0(nil) exited lost(nil)
//
// Adjacent data of one pipe is merged. Any goroutine.
func (s *Subprocess) String() string { return s.log.String() }

// Pipe returns the events of one pipe in one line. Any goroutine.
func (s *Subprocess) Pipe(fd int) string {
	return compact(slices.DeleteFunc(s.Events(), func(e Event) bool {
		return e.FD != fd || e.Kind != Data && e.Kind != PipeLost
	}))
}

// Data returns a copy of all bytes that came through a pipe so far. Any
// goroutine.
func (s *Subprocess) Data(fd int) []byte {
	var all []byte
	for _, e := range s.Events() {
		if e.Kind == Data && e.FD == fd {
			all = append(all, e.Data...)
		}
	}
	return all
}

// Count returns how many events of a kind were recorded so far. Any goroutine.
func (s *Subprocess) Count(k Kind) (n int) {
	for _, e := range s.Events() {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// Transport returns what ConnectionMade or Adopt was given, nil before. Any
// goroutine.
func (s *Subprocess) Transport() protocols.SubprocessTransport {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.transport
}

// Violations is as of Protocol.
func (s *Subprocess) Violations() []string { return s.log.Violations() }

// Done is as of Protocol.
func (s *Subprocess) Done() <-chan struct{} { return s.log.Done() }
