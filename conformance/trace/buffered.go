package trace

import "github.com/tidemill-go/tidemill/protocols"

// Buffered is a Stream that receives into memory of its own. It still traces a
// DataReceived, which then is in no golden.
type Buffered struct {
	*Stream
	buf []byte
}

var (
	_ protocols.BufferedProtocol = (*Buffered)(nil)
	_ protocols.EOFReceiver      = (*Buffered)(nil)
	_ protocols.FlowController   = (*Buffered)(nil)
)

const bufferSize = 4096

// GetBuffer implements protocols.BufferedProtocol.
func (p *Buffered) GetBuffer(sizeHint int) (buf []byte) {
	p.callback("get_buffer", Fields{"hint": sizeHint}, func() {
		if buf = p.buf; p.hooks.GetBuffer != nil {
			buf = p.hooks.GetBuffer(p.Stream)
		}
	})
	return buf
}

// BufferUpdated implements protocols.BufferedProtocol.
func (p *Buffered) BufferUpdated(n int) {
	p.received("buffer_updated", p.buf[:n])
}
