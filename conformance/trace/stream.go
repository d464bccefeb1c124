package trace

import (
	"errors"
	"hash/crc32"
	"net"

	"github.com/tidemill-go/tidemill/protocols"
)

// Stream is a traced protocol. Its other methods are the transport's operations,
// traced as well.
type Stream struct {
	// T is the transport, once there is one. A scenario sets it for a protocol
	// that takes over by SetProtocol.
	T protocols.Transport

	x     *X
	c     int
	hooks Hooks
	crc   uint32
	lost  bool
}

var (
	_ protocols.Protocol       = (*Stream)(nil)
	_ protocols.EOFReceiver    = (*Stream)(nil)
	_ protocols.FlowController = (*Stream)(nil)
)

// ConnectionMade implements protocols.Protocol.
func (p *Stream) ConnectionMade(t protocols.Transport) {
	p.T = t
	p.callback("connection_made", nil, func() {
		if p.hooks.Made != nil {
			p.hooks.Made(p)
		}
	})
}

// DataReceived implements protocols.Protocol.
func (p *Stream) DataReceived(data []byte) {
	p.received("data_received", data)
}

func (p *Stream) received(event string, data []byte) {
	p.crc = crc32.Update(p.crc, crc32.IEEETable, data)
	p.callback(event, Fields{"n": len(data), "crc": p.crc}, func() {
		if p.hooks.Data != nil {
			p.hooks.Data(p, data)
		}
	})
}

// EOFReceived implements protocols.EOFReceiver.
func (p *Stream) EOFReceived() (keepOpen bool) {
	p.callback("eof_received", nil, func() {
		keepOpen = p.hooks.EOF != nil && p.hooks.EOF(p)
	})
	return keepOpen
}

// PauseWriting implements protocols.FlowController.
func (p *Stream) PauseWriting() {
	over := p.T.WriteBufferSize() > p.T.WriteBufferLimits().High
	p.callback("pause_writing", Fields{"over_high": over}, func() {
		if p.hooks.Pause != nil {
			p.hooks.Pause(p)
		}
	})
}

// ResumeWriting implements protocols.FlowController. Anything from nothing up to
// the low mark may be left, so that the state says nothing of the buffer.
func (p *Stream) ResumeWriting() {
	low := p.T.WriteBufferSize() <= p.T.WriteBufferLimits().Low
	st := State(p.T)[:2] + "*"
	p.callback("resume_writing", Fields{"at_low": low, "st": st}, func() {
		if p.hooks.Resume != nil {
			p.hooks.Resume(p)
		}
	})
}

// ConnectionLost implements protocols.Protocol.
func (p *Stream) ConnectionLost(err error) {
	defer func() {
		p.lost = true
		p.x.changed()
	}()
	p.callback("connection_lost", Fields{"exc": Kind(err)}, func() {
		if p.hooks.Lost != nil {
			p.hooks.Lost(p)
		}
	})
}

// callback traces a call of the transport and runs the hook in it.
func (p *Stream) callback(event string, fields Fields, hook func()) {
	defer p.x.changed()
	all := p.describe(nil)
	if p.hooks.Name != "" {
		all["p"] = p.hooks.Name
	}
	p.x.Emit(event, with(all, fields))
	p.x.within(event, hook)
}

// describe adds who it is and in which state.
func (p *Stream) describe(fields Fields) Fields {
	more := Fields{"c": p.c}
	if p.T != nil {
		more["st"] = State(p.T)
	}
	return with(fields, more)
}

// State is a transport's state in three letters: open or Closing, Reading or
// paused, write buffer Empty or with Bytes; "-" for the half that a pipe has not,
// and for what is not compared over TLS: the buffer, and reading once it closes.
func State(t protocols.Transport) string {
	letter := func(is bool, yes, no string) string {
		if is {
			return yes
		}
		return no
	}
	closing := letter(t.IsClosing(), "C", "o") // first: asking may find that a write has failed
	in, out := letter(t.IsReading(), "R", "p"), letter(t.WriteBufferSize() == 0, "E", "B")
	switch isPipe := t.ExtraInfo("pipe") != nil; {
	case t.ExtraInfo("tls.Config") != nil:
		if out = "-"; closing == "C" {
			in = "-"
		}
	case isPipe && t.CanWriteEOF():
		in = "-"
	case isPipe:
		out = "-"
	}
	return closing + in + out
}

// Op is Tracer.Op with the state of this stream afterwards.
func (p *Stream) Op(name string, show Fields, call func() error) {
	p.Ask(name, show, func() (any, error) { return nothing, call() })
}

// Do is Tracer.Do with the state of this stream afterwards.
func (p *Stream) Do(name string, show Fields, call func()) {
	p.Op(name, show, func() error { call(); return nil })
}

// Ask is Tracer.Ask with the state of this stream afterwards.
func (p *Stream) Ask(name string, show Fields, call func() (any, error)) {
	p.x.Emit("op", p.describe(p.x.perform(name, show, call)))
}

// Write writes data.
func (p *Stream) Write(data []byte) {
	p.Op("write", Fields{"n": len(data)}, func() error {
		_, err := p.T.Write(data)
		return unlessDropped(err)
	})
}

// WriteBuffers writes several pieces as one.
func (p *Stream) WriteBuffers(bufs ...[]byte) {
	p.Op("writelines", nil, func() error {
		_, err := p.T.WriteBuffers(net.Buffers(bufs))
		return unlessDropped(err)
	})
}

// unlessDropped leaves net.ErrClosed out of the trace: asyncio drops what is
// written to a closed transport without a word, where Write says so.
func unlessDropped(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// WriteEOF closes the sending half.
func (p *Stream) WriteEOF() { p.Op("write_eof", nil, p.T.WriteEOF) }

// Close closes the transport.
func (p *Stream) Close() { p.Op("close", nil, p.T.Close) }

// Abort closes the transport without sending what is buffered.
func (p *Stream) Abort() { p.Do("abort", nil, p.T.Abort) }

// PauseReading stops the input.
func (p *Stream) PauseReading() { p.Do("pause_reading", nil, p.T.PauseReading) }

// ResumeReading lets the input go on.
func (p *Stream) ResumeReading() { p.Do("resume_reading", nil, p.T.ResumeReading) }

// Probe traces the state.
func (p *Stream) Probe() { p.x.Emit("probe", p.describe(nil)) }
