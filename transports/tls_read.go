package transports

import (
	"errors"
	"io"
	"slices"
)

// feed decrypts what has come from below and hands it up. Whole records of one
// call are one DataReceived (contract N19).
func (t *TLS) feed(b []byte) {
	buffers := t.host.Buffers()
	t.records.in = b
	t.collect()
	plain, err := t.decrypt(buffers.takeScratch())
	answers := len(t.out)
	t.send()
	t.answered(answers)
	t.records.in = nil
	t.accept(plain, err)
	buffers.giveScratch(plain)
}

// decrypt appends the plaintext of the input to buf. An error is that of what
// comes behind it, io.EOF for close_notify.
func (t *TLS) decrypt(buf []byte) (plain []byte, err error) {
	for len(t.records.in) > 0 && err == nil {
		buf = slices.Grow(buf, maxPlaintext)
		var n int
		n, err = t.conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == errWouldBlock {
			return buf, nil
		}
	}
	return buf, err
}

// accept hands plaintext up, or holds it back, and then the end.
func (t *TLS) accept(plain []byte, err error) {
	switch {
	case len(plain) == 0:
	case t.is(isLost):
		return
	case t.is(isClosing):
		t.tooLate()
	case t.has(wantsInput) && len(t.plain) == 0:
		n := t.Received(plain)
		if !t.is(isClosing) {
			t.plain = append(t.plain, plain[n:]...)
		}
	default:
		t.plain = append(t.plain, plain...)
	}
	if err != nil {
		t.inputEnd(err)
	}
}

// inputEnd is the end of what the peer sends: io.EOF, or why nothing more can be
// decrypted.
func (t *TLS) inputEnd(err error) {
	if t.is(isLost) || t.end != nil {
		return
	}
	t.facts |= peerEnded
	t.end = err
	switch {
	case t.is(isClosing) && errors.Is(err, io.EOF):
		t.drained()
	case t.is(isClosing):
		t.fail("read", err)
	case t.has(wantsInput) && len(t.plain) == 0:
		t.tellEnd()
	}
}

func (t *TLS) tellEnd() {
	if errors.Is(t.end, io.EOF) {
		t.ReadEnd(io.EOF)
		return
	}
	t.fail("read", t.end)
}

// ReadEnd implements Sink: whatever the protocol answers, there is no half-close
// (contract N10, N11).
func (t *TLS) ReadEnd(error) {
	t.state |= inputOver
	if t.keepsOpen() && !t.is(isLost) {
		t.host.Warn("EOFReceived asked to keep a TLS transport open, which can not be", "transport", t.String())
	}
	_ = t.Close()
}

// wantInput is the stream's Driver.Read.
func (t *TLS) wantInput(on bool) {
	switch {
	case !on:
		t.facts &^= wantsInput
		if !t.is(isClosing) {
			t.below.PauseReading()
		}
	case len(t.plain) > 0 || t.end != nil:
		t.facts |= wantsInput
		if !t.has(deliverSoon) {
			t.facts |= deliverSoon
			t.host.CallSoon(t.deliverHeld)
		}
	default:
		t.facts |= wantsInput
		t.listen()
	}
}

// deliverHeld goes on where a pause has held the input back; only what was held
// is behind it, so that the transport below rests until then.
func (t *TLS) deliverHeld() {
	t.facts &^= deliverSoon
	if !t.has(wantsInput) || t.is(isClosing) {
		return
	}
	if held := t.plain; len(held) > 0 {
		t.plain = nil
		n := t.Received(held)
		if t.is(isClosing) {
			return
		}
		t.plain = append(held[n:], t.plain...)
		if len(t.plain) == 0 {
			t.plain = nil
		}
	}
	switch {
	case !t.has(wantsInput) || len(t.plain) > 0:
	case t.end != nil:
		t.tellEnd()
	default:
		t.listen()
	}
}
