package framing

import "github.com/tidemill-go/tidemill/protocols"

// A Receiver is what a Protocol calls. If it is a protocols.EOFReceiver or a
// protocols.FlowController as well, it is called as one.
type Receiver interface {
	// ConnectionMade is protocols.Protocol's.
	ConnectionMade(t protocols.Transport)

	// FrameReceived is given one frame, valid until it returns. After Close, Abort
	// or Detach of the Protocol no more frames come. The transport's own Close,
	// Abort and PauseReading end or hold back what has not been received yet:
	// frames that came together with this one still come.
	FrameReceived(frame []byte)

	// ConnectionLost is protocols.Protocol's. Where frames have ended the
	// connection, err is why: see the framing's Split, or an *IncompleteError.
	ConnectionLost(err error)
}

// Protocol is a protocols.Protocol that hands out frames. It closes a connection
// whose bytes are none, and one that ends in the middle of a frame.
type Protocol struct {
	decoder   Decoder
	receiver  Receiver
	transport protocols.Transport
	eof       protocols.EOFReceiver    // receiver, if it is one
	flow      protocols.FlowController // likewise
	rest      []byte                   // of the piece that is being handed out
	over      bool                     // no more frames
	err       error
}

var (
	_ protocols.Protocol       = (*Protocol)(nil)
	_ protocols.EOFReceiver    = (*Protocol)(nil)
	_ protocols.FlowController = (*Protocol)(nil)
)

// New returns a Protocol for one connection.
func New(f Framing, r Receiver) *Protocol {
	p := &Protocol{decoder: Decoder{framing: f}, receiver: r}
	p.eof, _ = r.(protocols.EOFReceiver)
	p.flow, _ = r.(protocols.FlowController)
	return p
}

// ConnectionMade implements protocols.Protocol.
func (p *Protocol) ConnectionMade(t protocols.Transport) {
	p.transport = t
	p.receiver.ConnectionMade(t)
}

// DataReceived implements protocols.Protocol.
func (p *Protocol) DataReceived(data []byte) {
	if p.over {
		return
	}
	for p.rest = data; len(p.rest) > 0; {
		frame, rest, ok, err := p.decoder.Next(p.rest)
		p.rest = rest
		if err != nil {
			p.fail(err)
			return
		}
		if ok {
			p.receiver.FrameReceived(frame)
		}
		// The transport is not asked whether it is closing: the question would
		// send what this frame has written before the next one adds to it.
		if p.over {
			break
		}
	}
	p.rest = nil
}

// Close ends the connection as the transport's Close does, and no more frames
// come. The error is always nil.
func (p *Protocol) Close() error {
	p.over = true
	return p.transport.Close()
}

// Abort ends it as the transport's Abort does.
func (p *Protocol) Abort() {
	p.over = true
	p.transport.Abort()
}

// fail sends what was written before it closes: an answer to a frame that was
// there may be among it.
func (p *Protocol) fail(err error) {
	p.err = err
	_ = p.Close() // always nil
}

// Detach ends the handing out of frames, in FrameReceived as a rule, and returns
// what was received after the last one; it is valid as long as the frame. It is
// for a receiver that makes another protocol the transport's: that one is to be
// given these bytes first.
func (p *Protocol) Detach() []byte {
	p.over = true
	if len(p.rest) > 0 {
		return p.rest // then no frame has begun
	}
	return p.decoder.Partial()
}

// EOFReceived implements protocols.EOFReceiver.
func (p *Protocol) EOFReceived() (keepOpen bool) {
	if err := p.decoder.End(); err != nil {
		p.fail(err)
		return false
	}
	return p.eof != nil && p.eof.EOFReceived()
}

// PauseWriting implements protocols.FlowController.
func (p *Protocol) PauseWriting() {
	if p.flow != nil {
		p.flow.PauseWriting()
	}
}

// ResumeWriting implements protocols.FlowController.
func (p *Protocol) ResumeWriting() {
	if p.flow != nil {
		p.flow.ResumeWriting()
	}
}

// ConnectionLost implements protocols.Protocol.
func (p *Protocol) ConnectionLost(err error) {
	if err == nil {
		err = p.err
	}
	p.receiver.ConnectionLost(err)
}
