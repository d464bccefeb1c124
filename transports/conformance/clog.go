package conformance

import (
	"bytes"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

const (
	chunk  = 256 << 10
	plenty = 384 << 10 // what stays buffered behind a clogged connection, at least
	most   = 64 << 20  // no kernel holds as much
	never  = 1 << 30   // a mark that is not reached
)

// clog writes pattern until the kernel takes no more and plenty stays buffered,
// and returns how much that was. It leaves marks that never pause. A kernel that
// takes no more may still find room when the peer sends, or a few turns later when
// what is under way has been acknowledged; plenty is more than that, and clog ends
// when nothing has moved for a while.
func (w *world) clog(t protocols.Transport) (written int) {
	GinkgoHelper()
	w.Do(func() { _ = t.SetWriteBufferLimits(protocols.Watermarks{High: never}) })
	for written < most {
		w.Do(func() { _, _ = t.Write(pattern(written, chunk)) })
		written += chunk
		if w.Settle(); on(w, t.WriteBufferSize) >= plenty && w.rests(t) {
			return written
		}
	}
	Fail("the kernel takes everything")
	return written
}

// rests reports whether the kernel has taken nothing for ten turns of the loop.
func (w *world) rests(t protocols.Transport) bool {
	GinkgoHelper()
	size := on(w, t.WriteBufferSize)
	for range 10 {
		if w.Settle(); on(w, t.WriteBufferSize) != size {
			return false
		}
	}
	return true
}

// pattern returns n bytes of an endless sequence, in which a loss, a repetition
// or an exchange shows, from offset on.
func pattern(offset, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(uint32(offset+i) * 2654435761 >> 13)
	}
	return b
}

// expectPattern is Equal(pattern(0, n)) without megabytes in its message.
func expectPattern(b []byte, n int) {
	GinkgoHelper()
	Expect(b).To(Satisfy(func(b []byte) bool { return len(b) == n }), fmt.Sprintf("%d bytes instead of %d", len(b), n))
	expectPrefix(b)
}

func expectPrefix(b []byte) {
	GinkgoHelper()
	Expect(bytes.Equal(b, pattern(0, len(b)))).To(BeTrue(), "bytes lost, repeated or exchanged")
}
