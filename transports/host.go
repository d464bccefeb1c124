package transports

import (
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

// A Host is what a transport needs of its loop. eventloop supplies it through
// an adapter; transports/memory has one without a loop. All methods but Post,
// OnLoop and Debug are for the loop's goroutine.
type Host interface {
	// Now is the loop's clock.
	Now() time.Time

	// CallSoon runs fn in the next iteration. On a closed loop it does nothing.
	CallSoon(fn func())

	// CallLater runs fn once d has passed, unless cancel is called before.
	CallLater(d time.Duration, fn func()) (cancel func())

	// Post runs fn on the loop's goroutine; ErrLoopClosed if that can not be.
	Post(fn func()) error

	// OnLoop reports whether the caller runs on the loop's goroutine.
	OnLoop() bool

	// RequestFlush calls f.Flush once, when the callback that is running has
	// returned, in the order of the requests.
	RequestFlush(f Flusher)

	// Execute runs fn on a goroutine of the executor.
	Execute(fn func()) error

	// Driver moves the bytes.
	Driver() Driver

	// Buffers lends memory for output.
	Buffers() *Buffers

	// Report hands a failure to the loop's exception handler.
	Report(f Failure)

	// Warn logs a warning about misuse that is not an error (contract E25).
	Warn(message string, args ...any)

	// Debug reports whether the loop is in debug mode.
	Debug() bool
}

// A Flusher holds output that waits for the end of the running callback.
type Flusher interface {
	Flush()
}

// A Failure is what a transport tells the loop's exception handler. Message is
// always there.
type Failure struct {
	Message   string
	Err       error
	Transport any
	Protocol  any
	Socket    *platform.Socket
	// Callback says that a callback of the loop failed, not the connection: the
	// failure is reported as that of a handle.
	Callback bool
}
