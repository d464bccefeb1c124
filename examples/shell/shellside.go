package main

import (
	"fmt"

	"github.com/tidemill-go/tidemill/protocols"
)

// shellSide is the protocol of a session's shell.
type shellSide struct{ *session }

var (
	_ protocols.SubprocessProtocol = shellSide{}
	_ protocols.FlowController     = shellSide{}
)

// ConnectionMade begins the work, unless the client has gone meanwhile.
func (s shellSide) ConnectionMade(t protocols.SubprocessTransport) {
	s.shell, s.tty = t, t.PipeTransport(0)
	if s.gone {
		s.hangUp()
		return
	}
	if s.held {
		s.tty.PauseReading()
	}
	s.client.ResumeReading()
	s.tty.Write(s.early)
	s.early = nil
}

// PipeDataReceived is what the shell prints, and what others print after it.
func (s shellSide) PipeDataReceived(_ int, data []byte) {
	s.midline = data[len(data)-1] != '\n'
	if _, exited := s.shell.ReturnCode(); exited {
		s.after += len(data)
		s.waitForQuiet()
	}
	if s.telnet {
		data = escaped(data)
	}
	s.client.Write(data)
}

// PauseWriting rests the client while nobody takes what it types.
func (s shellSide) PauseWriting() { s.client.PauseReading() }

// ResumeWriting is its counterpart.
func (s shellSide) ResumeWriting() { s.client.ResumeReading() }

// PipeConnectionLost says that nobody prints any more. A shell that goes on
// without its terminal is of no use.
func (s shellSide) PipeConnectionLost(int, error) {
	if _, exited := s.shell.ReturnCode(); !exited {
		s.killLater()
	}
}

// ProcessExited is the shell's own end. What it has printed may still be on its
// way, and others may hold its terminal for ever.
func (s shellSide) ProcessExited() { s.waitForQuiet() }

// ConnectionLost comes when the shell and its terminal have ended.
func (s shellSide) ConnectionLost(error) {
	s.timer.Cancel()
	s.over = true
	if !s.gone {
		s.farewell()
	}
	s.ended()
}

// waitForQuiet closes the terminal when no more is to be expected.
func (s *session) waitForQuiet() {
	if s.timer.Cancel(); s.after > afterlife {
		s.tty.Close()
		return
	}
	s.timer = s.loop.CallLater(quiet, func() {
		if s.overdue = s.held; !s.held {
			s.tty.Close()
		}
	})
}

// farewell tells the client how the shell has ended, behind all that it printed.
func (s *session) farewell() {
	code, _ := s.shell.ReturnCode()
	switch {
	case s.telnet:
		s.client.Write(encodeExit(code))
	case s.midline:
		fmt.Fprintf(s.client, "\r\n%s\r\n", outcome(code))
	default:
		fmt.Fprintf(s.client, "%s\r\n", outcome(code))
	}
	s.client.Close()
}
