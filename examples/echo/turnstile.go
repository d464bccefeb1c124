package main

import (
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols"
)

// gated lets one piece of input in at a time: the next one, and the end, wait
// for ResumeReading. Its own buffer makes the pieces smaller than the reader's
// limit, so that the reader has no reason to pause and resume by itself.
type gated struct {
	protocols.Protocol // of the StreamReader and the StreamWriter
	transport          protocols.Transport
	piece              []byte
}

func (g *gated) GetBuffer(int) []byte { return g.piece }

func (g *gated) BufferUpdated(n int) {
	g.transport.PauseReading()
	g.DataReceived(g.piece[:n])
}

func (g *gated) EOFReceived() (keepOpen bool) {
	return g.Protocol.(protocols.EOFReceiver).EOFReceived()
}

func (g *gated) PauseWriting()  { g.Protocol.(protocols.FlowController).PauseWriting() }
func (g *gated) ResumeWriting() { g.Protocol.(protocols.FlowController).ResumeWriting() }

// turnstile returns what lets the next piece of input in. It is needed where
// there is no half-close, as over TLS: there the peer's end of input closes the
// transport, and a task that has not written its answer by then can not any more.
// A protocol answers inside DataReceived and has no such gap. Elsewhere input
// comes as it likes.
func turnstile(w *streams.StreamWriter) (next func()) {
	t := w.Transport()
	if w.CanWriteEOF() || t.Protocol() == nil {
		return func() {}
	}
	t.SetProtocol(&gated{Protocol: t.Protocol(), transport: t, piece: make([]byte, echoBuffer)})
	return t.ResumeReading
}
