package transports

import (
	"net"

	"github.com/tidemill-go/tidemill/protocols"
)

// Close implements protocols.BaseTransport: what is buffered is sent, then
// close_notify, and the peer's is waited for. During the handshake it is Abort.
func (t *TLS) Close() error {
	t.mustBeOnLoop("Close")
	if !t.has(opened) {
		t.giveUp(nil)
		return nil
	}
	if t.is(isClosing) {
		return nil
	}
	t.plain = nil
	_ = t.stream.Close()
	if !t.is(isLost) {
		t.left = t.size()
		t.timer = t.host.CallLater(t.cfg.ShutdownTimeout, t.shutdownIsLate)
		t.listen()
	}
	return nil
}

// Abort implements protocols.BaseTransport. There is no close_notify.
func (t *TLS) Abort() {
	if !t.has(opened) {
		t.mustBeOnLoop("Abort")
		t.giveUp(nil)
		return
	}
	t.stream.Abort()
}

// notify sends close_notify, once.
func (t *TLS) notify() {
	if t.has(notified) {
		return
	}
	t.facts |= notified
	t.collect()
	// It fails if writing has failed before, and then that is the cause.
	_ = t.conn.CloseWrite()
	t.send()
}

// shutdown implements layer.
func (m *tlsMover) shutdown() {
	t := (*TLS)(m)
	if !t.has(opened) {
		return
	}
	t.notify()
	t.state |= mute
	if t.has(peerEnded) || t.cause != nil {
		t.closeBelow()
	}
}

// tooLate is input after Close. Nobody gets it, the peer will not stop for us,
// and so its close_notify is not waited for (contract N16); what is buffered is
// still sent.
func (t *TLS) tooLate() {
	if t.cause == nil && !t.has(closesBelow) {
		t.cause = t.opError("read", protocols.ErrDataAfterClose)
		t.drained()
	}
}

func (t *TLS) closeBelow() {
	if !t.has(closesBelow) {
		t.facts |= closesBelow
		_ = t.below.Close()
	}
}

// shutdownIsLate gives the peer more time if it has taken something meanwhile: a
// slow reader is to get all of it.
func (t *TLS) shutdownIsLate() {
	if t.is(isLost) {
		return
	}
	if n := t.size(); n < t.left {
		t.left = n
		t.timer = t.host.CallLater(t.cfg.ShutdownTimeout, t.shutdownIsLate)
		return
	}
	t.lose(t.opError("close", &tlsTimeout{what: "TLS shutdown", after: t.cfg.ShutdownTimeout}))
}

// abandon implements layer.
func (m *tlsMover) abandon(cause error) {
	t := (*TLS)(m)
	if t.cause == nil {
		t.cause = cause
	}
	t.flight, t.plain = nil, nil
	if !t.has(lostBelow) {
		t.below.Abort()
	}
}

func (t *TLS) stopTimer() {
	if t.timer != nil {
		t.timer()
		t.timer = nil
	}
}

// askBelow makes a write that has failed below an end at once (contract E27). Its
// cause comes with ConnectionLost.
func (t *TLS) askBelow() {
	if !t.has(opened) || t.has(closesBelow) || t.is(isLost) || !t.below.IsClosing() {
		return
	}
	t.facts |= lostBelow
	t.lose(nil)
}

// belowIsLost ends everything, inside the ConnectionLost of the transport below:
// that is a callback of its own, and the descriptor is still there (contract D11).
func (t *TLS) belowIsLost(err error) {
	t.facts |= lostBelow
	t.stopTimer()
	if !t.has(opened) {
		t.lostInHandshake(err)
		return
	}
	t.lose(err)
	if t.cause == nil {
		t.cause = err
	}
	if t.has(begun) {
		t.connectionLost(t.cause)
		return
	}
	t.notMade()
}

// notMade is an end between the handshake and ConnectionMade.
func (t *TLS) notMade() {
	cause := t.cause
	if cause == nil {
		cause = net.ErrClosed
	}
	t.tellFailed(t.tlsError("handshake", cause))
	t.dispose()
}

// Close implements mover: the stream above is done.
func (m *tlsMover) Close(Handle) { (*TLS)(m).dispose() }

// dispose lets go of what a finished connection need not keep. A handshake in the
// executor may still be on its way out.
func (t *TLS) dispose() {
	t.state |= isClosing | isLost | isDone
	t.protocol, t.buffered = nil, nil
	t.conn = nil
	t.flight, t.plain, t.records.in = nil, nil, nil
	t.cfg.Made, t.cfg.Failed, t.rare.Made = nil, nil, nil
}

// drop lets go of a handshake whose loop is closed: nobody hears of it.
func (t *TLS) drop() {
	if t.shake != nil {
		t.facts |= failed
		t.shake.end(net.ErrClosed)
	}
	t.LoopClosed()
}
