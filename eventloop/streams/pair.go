package streams

import (
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// pair is the protocol of a connection: it feeds a reader and tells a writer.
type pair struct {
	reader StreamReader
	writer StreamWriter
	server *service // nil: a client's
}

var (
	_ protocols.Protocol       = (*pair)(nil)
	_ protocols.EOFReceiver    = (*pair)(nil)
	_ protocols.FlowController = (*pair)(nil)
)

func newPair(l *eventloop.Loop, tasks *future.Tasks, s *shelf, limit int) *pair {
	p := &pair{writer: StreamWriter{loop: l, tasks: tasks, shelf: s}}
	p.writer.reader = &p.reader
	p.reader.init(l, tasks, s, limit)
	return p
}

// ConnectionMade implements protocols.Protocol.
func (p *pair) ConnectionMade(t protocols.Transport) {
	p.use(t)
	if p.server != nil {
		p.server.handle(p)
	}
}

func (p *pair) use(t protocols.Transport) {
	p.reader.source, p.writer.transport = t, t
	p.reader.single = !t.CanWriteEOF()
}

// DataReceived implements protocols.Protocol.
func (p *pair) DataReceived(data []byte) { p.reader.feed(data) }

// EOFReceived implements protocols.EOFReceiver. Writing goes on where the
// transport can do that (contract Q16).
func (p *pair) EOFReceived() (keepOpen bool) {
	p.reader.feedEOF()
	keepOpen = p.writer.transport.CanWriteEOF()
	p.writer.closing = p.writer.closing || !keepOpen
	return keepOpen
}

// PauseWriting implements protocols.FlowController.
func (p *pair) PauseWriting() { p.writer.pause() }

// ResumeWriting implements protocols.FlowController.
func (p *pair) ResumeWriting() { p.writer.resume() }

// ConnectionLost implements protocols.Protocol.
func (p *pair) ConnectionLost(err error) {
	p.reader.fail(err)
	p.writer.lose(err)
}
