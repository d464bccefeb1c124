package transports

import "net"

// tlsPiece is how much is encrypted before the transport below is asked whether
// it has sent that: what is encrypted can not be taken back.
const tlsPiece = 64 << 10

// tlsMover is a TLS as the stream above sees it: a driver.
type tlsMover TLS

var _ layer = (*tlsMover)(nil)

// Read implements mover.
func (m *tlsMover) Read(_ Handle, on bool) { (*TLS)(m).wantInput(on) }

// TrySend implements mover. All of it becomes one Write below for each piece.
func (m *tlsMover) TrySend(_ Handle, b []byte) (n int, err error) {
	t := (*TLS)(m)
	for n < len(b) && !t.has(clogged) {
		piece := b[n:min(len(b), n+tlsPiece)]
		t.collect()
		_, err := t.conn.Write(piece)
		t.send()
		switch {
		case err != nil:
			return n, err
		case t.is(isLost):
			return n, net.ErrClosed
		}
		n += len(piece)
	}
	return n, nil
}

// Send implements mover.
func (m *tlsMover) Send(h Handle, b []byte) (n int, err error) {
	if n, err = m.TrySend(h, b); err == nil && n < len(b) {
		m.flight = b[n:]
	}
	return n, err
}

// CloseWrite implements mover.
func (m *tlsMover) CloseWrite(Handle) error {
	(*TLS)(m).notify()
	return nil
}

// Settle implements mover.
func (m *tlsMover) Settle() { m.held() }

// held implements layer.
func (m *tlsMover) held() int {
	if (*TLS)(m).has(clogged) {
		return m.below.WriteBufferSize()
	}
	return 0
}

// unclogged sends on when the transport below has nothing left: its marks are
// Empty.
func (t *TLS) unclogged() {
	t.facts &^= clogged
	if t.is(isLost) || !t.has(opened) {
		return
	}
	t.taken()
	if len(t.flight) == 0 {
		t.drained()
		return
	}
	rest := t.flight
	t.flight = nil
	n, err := (*tlsMover)(t).Send(t.handle, rest)
	t.Sent(n, err)
}
