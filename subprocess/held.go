package subprocess

import "github.com/tidemill-go/tidemill/protocols"

// Held returns a protocol that pauses the child's outputs in ConnectionMade and
// does nothing else. It is for Communicate, which resumes them: also called from
// another goroutine, later, it then gets everything that the child has said.
func Held() protocols.SubprocessProtocol { return held{} }

type held struct{ protocols.SubprocessBase }

func (held) ConnectionMade(t protocols.SubprocessTransport) {
	for fd := 1; fd <= 2; fd++ {
		if pipe := t.PipeTransport(fd); pipe != nil {
			pipe.PauseReading()
		}
	}
}
