package transports

import (
	"crypto/tls"
	"errors"
	"net"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// A handshaker runs tls.Conn's handshake, which blocks by design, so that it does
// not block the loop. read and write are called by crypto/tls; the rest is for
// the loop's goroutine. It calls TLS.shaken once it is over.
type handshaker interface {
	start()
	read(p []byte) (int, error)
	write(p []byte) (int, error)

	// feed goes on with what has come from below, whose memory is lent for the
	// call.
	feed(b []byte)

	// end goes on with an end: io.EOF, or net.ErrClosed to give up.
	end(err error)
}

// start begins the handshake over a transport that is made.
func (t *TLS) start(below protocols.Transport) {
	if t.below = below; t.has(failed) {
		below.Abort()
		return
	}
	if s := streamOf(below); s != nil {
		t.names.kind = s.names.kind
	}
	// Everything counts: what the kernel has not taken is buffered below, and
	// what is not encrypted yet waits above.
	_ = below.SetWriteBufferLimits(protocols.Watermarks{Low: protocols.Empty, High: protocols.Empty})
	if t.cfg.Server {
		t.conn = tls.Server((*wire)(t), t.cfg.Config)
	} else {
		t.conn = tls.Client((*wire)(t), t.cfg.Config)
	}
	t.timer = t.host.CallLater(t.cfg.HandshakeTimeout, t.handshakeIsLate)
	if t.cfg.InExecutor {
		t.shake = newOffload(t)
	} else {
		t.shake = &coroutine{t: t}
	}
	t.shake.start()
}

// shaken is called when the handshake is over. The rest of the input is at hand
// if it has succeeded.
func (t *TLS) shaken(err error) {
	t.shake = nil
	switch {
	case t.has(failed):
	case err != nil:
		t.handshakeFailed(err)
	default:
		t.open()
	}
}

// open goes on with a connection that is secure. What came with the last message
// of the handshake is held back until the program knows (contract N28).
func (t *TLS) open() {
	t.stopTimer()
	t.facts |= opened
	t.below.PauseReading()
	if rest := t.records.in; len(rest) > 0 {
		t.feed(rest)
	}
	if t.has(upgraded) {
		t.facts |= begun
		t.state |= isMade
		t.told()
		t.host.CallSoon(t.takeOver)
		return
	}
	t.host.CallSoon(t.begin)
}

// told tells whoever waits for the handshake.
func (t *TLS) told() {
	if made := t.cfg.Made; made != nil {
		t.cfg.Made = nil
		made(t)
	}
}

// begin is ConnectionMade, unless the connection is lost already.
func (t *TLS) begin() {
	if t.is(isLost) {
		return
	}
	t.facts |= begun
	if t.cfg.Made != nil {
		t.rare.Made = func(*Stream) { t.told() }
	}
	t.connectionMade()
}

// takeOver lets a protocol that was connected before go on, and resume if it was
// paused when the clear text filled the buffer (contract N29).
func (t *TLS) takeOver() {
	t.drained()
	t.beginReading()
}

// handshakeFailed ends a connection whose handshake has failed. An alert tells
// the peer why: it is sent, but not waited for longer than for the handshake.
func (t *TLS) handshakeFailed(err error) {
	t.facts |= failed
	t.cause = t.handshakeError(err)
	t.tellFailed(t.cause)
	t.closeBelow()
}

// giveUp ends the connection during the handshake; nil if the program wants it.
func (t *TLS) giveUp(cause error) {
	t.neverOpen(cause)
	if t.below != nil && !t.has(lostBelow) {
		t.below.Abort()
	}
}

func (t *TLS) handshakeIsLate() {
	t.timer = nil
	t.giveUp(t.tlsError("handshake", &tlsTimeout{what: "TLS handshake", after: t.cfg.HandshakeTimeout, cause: platform.ECONNABORTED}))
}

// neverOpen is a handshake that ends for a reason outside it.
func (t *TLS) neverOpen(cause error) {
	if t.has(failed) {
		return
	}
	t.facts |= failed
	t.cause = cause
	if cause == nil {
		cause = t.tlsError("handshake", net.ErrClosed)
	}
	t.tellFailed(cause)
	if t.shake != nil {
		t.shake.end(net.ErrClosed)
	}
}

// lostInHandshake is the ConnectionLost of the transport below before there was
// one above.
func (t *TLS) lostInHandshake(err error) {
	if err != nil {
		err = t.tlsError("handshake", err)
	}
	t.neverOpen(err)
	if t.has(upgraded) {
		// The protocol has had its ConnectionMade in clear text.
		t.state |= isClosing | isLost
		t.connectionLost(t.cause)
		return
	}
	t.dispose()
}

// tellFailed tells whoever waits. A server has nobody, and says it in debug mode
// only (contract N2), unless it is a fault of the program.
func (t *TLS) tellFailed(err error) {
	told := t.cfg.Failed
	if told != nil {
		t.cfg.Made, t.cfg.Failed = nil, nil
		told(err)
	}
	if _, fault := errors.AsType[*future.PanicError](err); fault || told == nil && t.host.Debug() {
		t.host.Report(Failure{Message: "TLS handshake failed", Err: err, Transport: t, Protocol: t.protocol})
	}
}
