package conformance

import (
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// Env is a loop, or what stands for one, and a way to connections. Its methods
// are called on the spec's goroutine, and may fail the spec.
type Env interface {
	// Connect makes a connection with p on this side, and returns the other
	// side. ConnectionMade has returned, or panicked, by then. The write buffer
	// has its default limits. The kernel's buffers for what the transport sends
	// should be small (specs fill them), and hold 64 KiB at least.
	Connect(p protocols.Protocol) Peer

	// Do runs each fn as a callback of its own on the loop's goroutine, all in
	// one iteration, and returns when the last one has returned and what they
	// wrote was flushed.
	Do(fns ...func())

	// Elsewhere runs fn on a goroutine that is not the loop's, or as if, and
	// returns when it has returned. fn recovers its own panics.
	Elsewhere(fn func())

	// Turn is called before each look at something that is expected to happen.
	// A double runs until it is idle; a loop with a goroutine needs nothing.
	Turn()

	// Settle returns when everything that is under way has happened, as far as
	// that can be told: specs look then for what must not have happened. A loop
	// with a goroutine takes a few iterations and some milliseconds.
	Settle()

	// SetDebug switches the loop's debug mode. It is off at first.
	SetDebug(on bool)

	// Failures returns what was reported to the exception handler so far.
	Failures() []transports.Failure

	// Warnings returns how many warnings the loop has logged so far.
	Warnings() int
}

// Peer is the far side of a connection, played by the spec. It reads nothing
// unless it is told to.
type Peer interface {
	// Write sends all of b. That the connection is gone is no failure.
	Write(b []byte)

	// Take reads n bytes and returns them, fewer only if the input ends or if
	// they do not come within a second or two. It is also called inside Do, for
	// bytes that must be there already.
	Take(n int) []byte

	// ReadAll reads to the end and returns what came. The error is nil at an
	// orderly end, and the errno of a reset, possibly wrapped.
	ReadAll() ([]byte, error)

	// CloseWrite ends the sending half.
	CloseWrite()

	// Close closes the descriptor. Reset does so with a reset.
	Close()
	Reset()
}
