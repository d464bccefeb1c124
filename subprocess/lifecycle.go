package subprocess

import (
	"errors"
	"os"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports"
)

// call runs a callback of the protocol. A panic in it is reported, and the life
// of the child goes on.
func (t *Transport) call(callback string, fn func()) {
	if t.is(isForsaken) {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			t.report(callback, future.NewPanicError(v))
		}
	}()
	fn()
}

func (t *Transport) report(callback string, err error) {
	t.host.Report(transports.Failure{Message: callback + " panicked", Err: err, Transport: t, Protocol: t.protocol})
}

// connectionMade is the first callback of all. What follows is deferred, here and
// below, because a callback may call runtime.Goexit.
func (t *Transport) connectionMade() {
	if t.is(isForsaken) {
		return
	}
	defer func() {
		if t.made != nil {
			t.made()
		}
		t.host.CallSoon(t.begin)
	}()
	t.facts |= isKnown
	t.call("ConnectionMade", func() { t.protocol.ConnectionMade(t) })
}

// begin comes behind whoever was told of the connection.
func (t *Transport) begin() {
	t.facts |= isMade
	if t.is(hasExited) {
		t.processExited()
	}
}

// exited is what the watcher calls. The protocol hears of it after
// ConnectionMade (contract L4).
func (t *Transport) exited(_, returnCode int) {
	t.facts |= hasExited
	t.hangUp()
	t.exit.SetResult(returnCode)
	if t.is(isMade | isForsaken) {
		t.processExited()
	}
}

func (t *Transport) processExited() {
	defer t.progress()
	t.call("ProcessExited", func() { t.protocol.ProcessExited() })
}

// progress looks whether that was the last of several things to wait for.
func (t *Transport) progress() {
	t.collected()
	if t.is(hasExited) && t.is(isMade|isForsaken) && !t.is(isEnding) && t.closedEnds() {
		t.facts |= isEnding
		t.host.CallSoon(t.connectionLost)
	}
}

func (t *Transport) closedEnds() bool {
	closed := true
	t.eachEnd(func(e *end) { closed = closed && e.gone })
	return closed
}

func (t *Transport) connectionLost() {
	defer func() {
		t.facts |= isLost
		t.protocol, t.flow = nil, nil
		if t.lost != nil {
			t.lost()
		}
	}()
	t.call("ConnectionLost", func() { t.protocol.ConnectionLost(nil) })
}

// Close implements protocols.BaseTransport.
func (t *Transport) Close() error {
	t.mustBeOnLoop("Close")
	if !t.is(isClosing) {
		t.facts |= isClosing
		t.eachEnd(func(e *end) { _ = e.transport.Close() })
		t.kill()
	}
	return nil
}

// Abort implements protocols.BaseTransport.
func (t *Transport) Abort() {
	t.mustBeOnLoop("Abort")
	t.facts |= isClosing
	t.eachEnd(func(e *end) { e.transport.Abort() })
	t.kill()
}

// kill ends a child that nobody wants any more. It may not be ours to kill, if it
// has changed its user.
func (t *Transport) kill() {
	if t.is(hasExited) {
		return
	}
	defer t.hangUp()
	if err := t.signal(os.Kill); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.host.Warn("a child process could not be killed", "pid", t.pid, "error", err)
	}
}

// Abandon is the end of a child whose creation was cancelled: it is killed and
// reaped and its pipes closed, and a protocol that was not called yet hears of
// nothing (contract L24). It is for the loop that has started it.
func (t *Transport) Abandon() {
	if !t.is(isKnown) {
		t.facts |= isForsaken
	}
	t.Abort()
}

// discard is Abandon where the watcher does not know the child.
func (t *Transport) discard() {
	t.Abandon()
	process := t.process
	go func() { _, _ = process.Wait() }()
}

// Drop is for a loop that is being closed: nothing is called any more, the child
// is killed, and its watcher, who is told before and so has nothing to warn
// about, reaps it. The loop closes the descriptors of its transports itself.
func (t *Transport) Drop() {
	t.facts |= isForsaken | isClosing
	t.watcher.RemoveChildHandler(t.pid)
	t.kill()
}
