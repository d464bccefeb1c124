package main

import (
	"fmt"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

const (
	// hesitation is how long the shell waits for a client that says how large its
	// window is.
	hesitation = 100 * time.Millisecond

	// A terminal that the shell has left to others is listened to until it is
	// quiet for so long, or has said so much: more than a terminal holds back.
	quiet     = 250 * time.Millisecond
	afterlife = 1 << 20

	// grace is how long a shell may take to end after it was hung up.
	grace = 2 * time.Second
)

// session is a client, which it is the protocol of, and its shell, whose protocol
// is shellSide. Each pauses the other while its own buffer is full.
type session struct {
	server *server
	loop   *eventloop.Loop

	client protocols.Transport
	gone   bool // the client is lost
	codec  decoder
	telnet bool // the client speaks it
	size   protocols.WindowSize
	early  []byte // typed before the shell was there

	started bool
	shell   protocols.SubprocessTransport // nil: not yet
	tty     protocols.Transport
	over    bool // there is no shell any more
	held    bool // the client takes no more output
	overdue bool // and meanwhile it has been quiet
	midline bool // the last byte printed was no newline
	after   int  // bytes printed after the shell's end
	timer   eventloop.TimerHandle
}

var (
	_ protocols.Protocol       = (*session)(nil)
	_ protocols.EOFReceiver    = (*session)(nil)
	_ protocols.FlowController = (*session)(nil)
)

// ConnectionMade gives a client that speaks telnet the time to say so.
func (s *session) ConnectionMade(t protocols.Transport) {
	s.client = t
	s.server.begin(s)
	s.timer = s.loop.CallLater(hesitation, s.start)
}

// DataReceived is what the client has typed.
func (s *session) DataReceived(data []byte) {
	s.codec.decode(data, s)
	if len(s.early) > 0 || s.size != (protocols.WindowSize{}) {
		s.start()
	}
}

func (s *session) text(b []byte) {
	if s.tty == nil {
		s.early = append(s.early, b...)
		return
	}
	s.tty.Write(b)
}

// asked agrees to hear of the window and refuses everything else.
func (s *session) asked(verb, option byte) {
	s.telnet = true
	switch {
	case verb == will && option == optionNAWS:
		s.client.Write([]byte{iac, do, option})
	case verb == will:
		s.client.Write([]byte{iac, dont, option})
	case verb == do:
		s.client.Write([]byte{iac, wont, option})
	}
}

func (s *session) told(option byte, payload []byte) {
	s.telnet = true
	size, ok := decodeSize(payload)
	if option != optionNAWS || !ok || size.Rows == 0 || size.Columns == 0 {
		return
	}
	s.size = size
	if s.shell != nil {
		_ = s.shell.SetWindowSize(size) // fails when the terminal is closed, and then it does not matter
	}
}

// start starts the shell, once. What the client types meanwhile waits.
func (s *session) start() {
	if s.started || s.gone {
		return
	}
	s.started = true
	s.timer.Cancel()
	s.client.PauseReading()
	child := s.loop.SubprocessExec(
		func() protocols.SubprocessProtocol { return shellSide{s} },
		subprocess.Spec{Path: s.server.shell, Env: environment(), PTY: &subprocess.PTY{Size: s.size}},
	)
	child.AddDoneCallback(func(f *eventloop.Future[eventloop.SubprocessConnection]) {
		if err := f.Err(); err != nil {
			fmt.Fprintf(s.client, "%v\r\n", err)
			s.client.Close()
			s.over = true
			s.ended()
		}
	})
}

// environment is ours, with a terminal that every system knows if there is none.
func environment() []string {
	if os.Getenv("TERM") == "" {
		return append(os.Environ(), "TERM=vt100")
	}
	return nil
}

// PauseWriting rests the terminal, and with it the shell, while the client does
// not take its output.
func (s *session) PauseWriting() {
	s.held = true
	if s.tty != nil {
		s.tty.PauseReading()
	}
}

// ResumeWriting is its counterpart.
func (s *session) ResumeWriting() {
	s.held = false
	if s.tty != nil {
		s.tty.ResumeReading()
	}
	if s.overdue {
		s.overdue = false
		s.waitForQuiet()
	}
}

// EOFReceived hangs the shell up: what it goes on printing must not keep the
// connection open.
func (s *session) EOFReceived() (keepOpen bool) {
	s.hangUp()
	return false
}

// ConnectionLost is the end of the client, and hangs the shell up.
func (s *session) ConnectionLost(error) {
	s.gone = true
	s.timer.Cancel()
	if !s.started {
		s.over = true
	}
	s.hangUp()
	s.ended()
}

// hangUp closes the terminal, at which the kernel sends SIGHUP to the shell and
// to what runs in the foreground.
func (s *session) hangUp() {
	if s.shell != nil && !s.over {
		s.tty.Abort()
		s.killLater()
	}
}

// killLater is for a shell that has no terminal any more and goes on.
func (s *session) killLater() {
	s.timer.Cancel()
	s.timer = s.loop.CallLater(grace, func() { _ = s.shell.Close() })
}

// stop ends the session, and does not wait for a client that does not listen.
func (s *session) stop() {
	s.hangUp()
	s.client.Close()
	s.loop.CallLater(grace, s.client.Abort)
}

// ended tells the server when both sides are over.
func (s *session) ended() {
	if s.over && s.gone {
		s.server.end(s)
	}
}
