package recorder

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// A Kind tells which callback an Event stands for. Its text is the word that
// String uses.
type Kind string

// The kinds of event. Data stands for DataReceived, BufferUpdated,
// DatagramReceived and PipeDataReceived, Buffer for GetBuffer, Failed for
// ErrorReceived, PipeLost for PipeConnectionLost, Exited for ProcessExited.
const (
	Made   Kind = "made"
	Data   Kind = "data"
	Buffer Kind = "buffer"
	EOF    Kind = "eof"
	Pause  Kind = "pause"
	Resume Kind = "resume"
	Failed Kind = "error"
	Lost   Kind = "lost"

	PipeLost Kind = "pipe"
	Exited   Kind = "exited"
)

// An Event is one call that a transport made.
type Event struct {
	Kind Kind

	// Data is a copy of what was received, in an event of kind Data.
	Data []byte

	// From is the sender of a datagram.
	From net.Addr

	// Err is the argument of ConnectionLost, PipeConnectionLost and
	// ErrorReceived.
	Err error

	// FD is the number of a child's pipe; zero in the events of others.
	FD int
}

// String returns "made", "data(5)", "lost(nil)" or "lost(connection reset by
// peer)": an error that wraps an errno is shown as the errno's text, because
// what is around it holds addresses that change from run to run. What concerns a
// pipe of a child has its number: "data1(5)", "pipe0(nil)".
func (e Event) String() string {
	switch e.Kind {
	case Data:
		return dataWord(e.FD, len(e.Data))
	case PipeLost:
		return fmt.Sprintf("%s%d(%s)", e.Kind, e.FD, brief(e.Err))
	case Lost, Failed:
		return fmt.Sprintf("%s(%s)", e.Kind, brief(e.Err))
	default:
		return string(e.Kind)
	}
}

func dataWord(fd, n int) string {
	if fd == 0 {
		return fmt.Sprintf("%s(%d)", Data, n)
	}
	return fmt.Sprintf("%s%d(%d)", Data, fd, n)
}

func brief(err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return "nil"
	case errors.As(err, &errno):
		return errno.Error()
	default:
		return err.Error()
	}
}

// compact writes events in one line. Calls of GetBuffer are left out and data
// that then is adjacent is added up: neither the size of a piece nor how often
// a buffer was asked for is part of the contract.
func compact(events []Event) string {
	var words []string
	pending, fd := 0, 0
	flush := func() {
		if pending > 0 {
			words = append(words, dataWord(fd, pending))
			pending = 0
		}
	}
	for _, e := range events {
		switch {
		case e.Kind == Buffer:
		case e.Kind == Data && len(e.Data) > 0:
			if e.FD != fd {
				flush()
			}
			pending, fd = pending+len(e.Data), e.FD
		default:
			flush()
			words = append(words, e.String())
		}
	}
	flush()
	return strings.Join(words, " ")
}
