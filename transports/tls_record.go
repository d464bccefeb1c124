package transports

import (
	"net"
	"time"
)

const (
	recordHeader = 5
	maxPlaintext = 16 << 10 // of one record, RFC 8446, 5.1
)

// records is input that crypto/tls has not seen yet. It knows where records end,
// and hands crypto/tls nothing beyond the one that it is reading: tls.Conn reads
// ahead as far as it gets, and what it has then it tells nobody. So an input that
// is used up means that there is nothing more to decrypt, and the Read that only
// finds that out, one per message, is saved.
type records struct {
	in   []byte
	have uint8 // bytes of a header that were handed over
	head [2]byte
	body int // bytes of the record that were not
}

// take hands over bytes of one record.
func (r *records) take(p []byte) (n int) {
	some := r.in[:min(len(r.in), len(p))]
	for ; n < len(some) && r.have < recordHeader; n++ {
		if i := int(r.have) - (recordHeader - len(r.head)); i >= 0 {
			r.head[i] = some[n]
		}
		if r.have++; r.have == recordHeader {
			r.body = int(r.head[0])<<8 | int(r.head[1])
		}
	}
	if r.have == recordHeader {
		m := min(len(some)-n, r.body)
		n += m
		if r.body -= m; r.body == 0 {
			r.have = 0
		}
	}
	copy(p, some[:n])
	r.in = r.in[n:]
	return n
}

// wouldBlock is what tls.Conn is told when there is no input. It goes on later
// only after an error that is Temporary.
type wouldBlock struct{}

func (wouldBlock) Error() string   { return "no input yet" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

var errWouldBlock net.Error = wouldBlock{}

// wire is a TLS as its tls.Conn sees it: the connection in memory.
type wire TLS

var _ net.Conn = (*wire)(nil)

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if w.shake != nil {
		return w.shake.read(p)
	}
	if n := w.records.take(p); n > 0 {
		return n, nil
	}
	return 0, errWouldBlock
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	if w.shake != nil {
		return w.shake.write(p)
	}
	w.out = append(w.out, p...)
	return len(p), nil
}

// Close implements net.Conn. crypto/tls calls it on any goroutine when the context
// of a handshake ends, and then the handshake is being ended anyway.
func (w *wire) Close() error { return nil }

// LocalAddr implements net.Conn, for callbacks of a tls.Config.
func (w *wire) LocalAddr() net.Addr { return w.below.LocalAddr() }

// RemoteAddr implements net.Conn.
func (w *wire) RemoteAddr() net.Addr { return w.below.RemoteAddr() }

// SetDeadline implements net.Conn: the loop has its own timeouts.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

const (
	scratchSize  = 64 << 10
	keepScratch  = 512 << 10 // larger ones go back to the collector
	keepScratchs = 4
)

// takeScratch lends memory for the length of a call. One that calls user code
// may be nested, and has its own.
func (b *Buffers) takeScratch() []byte {
	if n := len(b.scratch); n > 0 {
		s := b.scratch[n-1]
		b.scratch = b.scratch[:n-1]
		return s
	}
	return make([]byte, 0, scratchSize)
}

func (b *Buffers) giveScratch(s []byte) {
	if cap(s) <= keepScratch && len(b.scratch) < keepScratchs {
		b.scratch = append(b.scratch, s[:0])
	}
}

// collect begins a call of crypto/tls that may write, and send ends it: what was
// written goes down in one piece.
func (t *TLS) collect() { t.out = t.host.Buffers().takeScratch() }

func (t *TLS) send() {
	out := t.out
	t.out = nil
	if len(out) > 0 {
		// A transport that drops it is about to say so by ConnectionLost.
		_, _ = t.below.Write(out)
		t.askBelow()
	}
	t.host.Buffers().giveScratch(out)
}
