package transports

// answersLimit bounds what crypto/tls has answered unasked while the transport
// below could not send it. Marks are of no help here: a peer that asks for new keys
// (RFC 8446, 4.6.3) with every other byte that it sends, and never reads, is
// answered from within a Read.
const answersLimit = 64 << 10

// answered counts n more bytes of answers. If the peer does not take them it is not
// listened to before it has.
func (t *TLS) answered(n int) {
	if !t.has(clogged) {
		t.answers = 0
		return
	}
	if t.answers += n; t.answers > answersLimit && !t.has(deaf) {
		t.facts |= deaf
		t.below.PauseReading()
	}
}

// listen has the transport below read.
func (t *TLS) listen() {
	if !t.has(deaf) {
		t.below.ResumeReading()
	}
}

// taken is called when the transport below has sent everything.
func (t *TLS) taken() {
	t.answers = 0
	if !t.has(deaf) {
		return
	}
	t.facts &^= deaf
	if t.is(isClosing) || t.has(wantsInput) && len(t.plain) == 0 && t.end == nil {
		t.below.ResumeReading()
	}
}
