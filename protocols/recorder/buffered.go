package recorder

import (
	"fmt"
	"slices"

	"github.com/tidemill-go/tidemill/protocols"
)

// DefaultSize is the number of bytes of a Buffered's memory.
const DefaultSize = 4096

// Buffered is a Stream that receives into memory of its own. A DataReceived is
// recorded as well, and is a violation.
type Buffered struct {
	Stream

	// OnGetBuffer, if not nil, supplies the memory that GetBuffer returns; it
	// may be empty, to see what the transport makes of that. Otherwise GetBuffer
	// returns the same DefaultSize bytes each time.
	OnGetBuffer func(sizeHint int) []byte

	own     []byte
	current []byte
}

var _ protocols.BufferedProtocol = (*Buffered)(nil)

// DataReceived is what a transport must not call on a BufferedProtocol.
func (b *Buffered) DataReceived(data []byte) {
	b.violate("data by DataReceived of a BufferedProtocol")
	b.Stream.DataReceived(data)
}

// GetBuffer records the call and returns memory to receive into.
func (b *Buffered) GetBuffer(sizeHint int) []byte {
	defer b.leave()
	b.enter(Event{Kind: Buffer}, nil)
	b.lend(nil)
	var buf []byte
	if b.OnGetBuffer != nil {
		buf = b.OnGetBuffer(sizeHint)
	} else {
		if b.own == nil {
			b.own = make([]byte, DefaultSize)
		}
		buf = b.own
	}
	b.lend(buf)
	return buf
}

// BufferUpdated records a copy of the n bytes received and runs OnData with
// them.
func (b *Buffered) BufferUpdated(n int) {
	defer b.leave()
	data, wrong := b.filled(n)
	b.enter(Event{Kind: Data, Data: slices.Clone(data)}, func() string { return wrong })
	if b.OnData != nil {
		b.OnData(data)
	}
}

// filled returns the n bytes at the beginning of what GetBuffer lent, as many of
// them as there are.
func (b *Buffered) filled(n int) (data []byte, wrong string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	buf := b.current
	b.current = nil
	switch {
	case buf == nil:
		return nil, "data without a buffer"
	case n <= 0:
		return nil, "data without a byte"
	case n > len(buf):
		return buf, fmt.Sprintf("data(%d) in a buffer of %d", n, len(buf))
	default:
		return buf[:n], ""
	}
}

func (b *Buffered) lend(buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = buf
}

func (b *Buffered) violate(sentence string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = append(b.violations, sentence)
}
