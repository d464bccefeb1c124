package subprocess

import (
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// end is our end of one of a child's pipes: the protocol of the pipe's transport.
type end struct {
	of        *Transport
	fd        int
	transport protocols.Transport
	gone      bool
	cause     error  // of its loss, if that was our doing
	rested    bool   // paused before a Communicate resumed it
	late      []byte // came between the end of a Communicate and the pause after it
}

var (
	_ protocols.Protocol       = (*end)(nil)
	_ protocols.FlowController = (*end)(nil)
)

// config makes the pipe read one turn later than whoever waits for the child
// hears of it (contract D4), and tells its end even if the program has given the
// pipe a protocol of its own.
func (e *end) config() transports.PipeConfig {
	return transports.PipeConfig{
		Made: func() {},
		Closing: func() {
			e.of.host.CallSoon(func() {
				e.gone = true
				e.of.progress()
			})
		},
	}
}

// ConnectionMade does nothing: the child's own is the one that counts.
func (e *end) ConnectionMade(protocols.Transport) {}

// DataReceived goes to the Communicate that is at work, or to the protocol.
func (e *end) DataReceived(data []byte) {
	if c := e.of.collector; c != nil {
		if c.take(e.fd, data) {
			return
		}
		if e.rested {
			e.transport.PauseReading()
			e.late = append(e.late, data...)
			return
		}
	}
	e.deliver(data)
}

func (e *end) deliver(data []byte) {
	if e.of.is(isForsaken) {
		return
	}
	if len(e.late) > 0 {
		data = append(e.late, data...)
		e.late = nil
	}
	defer func() {
		if v := recover(); v != nil {
			e.cause = future.NewPanicError(v)
			e.of.report("PipeDataReceived", e.cause)
			e.transport.Abort()
		}
	}()
	e.of.protocol.PipeDataReceived(e.fd, data)
}

// PauseWriting passes on what the buffer of the child's input says.
func (e *end) PauseWriting() {
	if p := e.of.flow; p != nil {
		e.of.call("PauseWriting", p.PauseWriting)
	}
}

// ResumeWriting is its counterpart.
func (e *end) ResumeWriting() {
	if p := e.of.flow; p != nil {
		e.of.call("ResumeWriting", p.ResumeWriting)
	}
}

// ConnectionLost implements protocols.Protocol. The child's protocol hears of it
// one turn later: an end that was found by trying again is ahead of what the
// selector will tell of another pipe, though the child wrote that first.
func (e *end) ConnectionLost(err error) {
	if len(e.late) > 0 {
		e.deliver(nil)
	}
	if err == nil {
		err = e.cause
	}
	if c := e.of.collector; c != nil && e.fd > 0 {
		c.fail(err)
	}
	e.of.host.CallSoon(func() {
		e.of.call("PipeConnectionLost", func() { e.of.protocol.PipeConnectionLost(e.fd, err) })
	})
}
