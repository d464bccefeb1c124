package transports

import (
	"io"

	"github.com/tidemill-go/tidemill/protocols"
)

// lower is a TLS as the transport below sees it: its protocol.
type lower TLS

var (
	_ protocols.Protocol       = (*lower)(nil)
	_ protocols.EOFReceiver    = (*lower)(nil)
	_ protocols.FlowController = (*lower)(nil)
)

// ConnectionMade implements protocols.Protocol.
func (l *lower) ConnectionMade(below protocols.Transport) { (*TLS)(l).start(below) }

// DataReceived implements protocols.Protocol.
func (l *lower) DataReceived(b []byte) {
	switch t := (*TLS)(l); {
	case t.shake != nil:
		t.shake.feed(b)
	case t.has(opened) && !t.is(isLost):
		t.feed(b)
	}
}

// EOFReceived implements protocols.EOFReceiver. An end without close_notify is an
// end like any other, also inside a record (contract N12); the TLS closes what is
// below it when its own end has come.
func (l *lower) EOFReceived() (keepOpen bool) {
	switch t := (*TLS)(l); {
	case t.shake != nil:
		t.shake.end(io.EOF)
	case t.has(opened):
		t.inputEnd(io.EOF)
	}
	return true
}

// PauseWriting implements protocols.FlowController.
func (l *lower) PauseWriting() { l.facts |= clogged }

// ResumeWriting implements protocols.FlowController.
func (l *lower) ResumeWriting() { (*TLS)(l).unclogged() }

// ConnectionLost implements protocols.Protocol.
func (l *lower) ConnectionLost(err error) { (*TLS)(l).belowIsLost(err) }
