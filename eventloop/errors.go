package eventloop

import (
	"errors"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// Errors that say what was done wrong. All are found with errors.Is behind the
// sentence that says where.
var (
	// ErrLoopClosed: the loop was closed.
	ErrLoopClosed = future.ErrLoopClosed

	// ErrInvalidState: the call does not fit the state of what it was made on.
	ErrInvalidState = future.ErrInvalidState

	// ErrCancelled: the future or task was cancelled; also context.Canceled.
	ErrCancelled = future.ErrCancelled

	// ErrAwaitOnLoop: waiting here would block the loop's own goroutine.
	ErrAwaitOnLoop = future.ErrAwaitOnLoop

	// ErrLoopRunning: the loop runs already, or the caller is called by a loop.
	ErrLoopRunning = errors.New("the event loop is running")

	// ErrNoRunningLoop: the caller is not called by a loop.
	ErrNoRunningLoop = errors.New("no running event loop")

	// ErrNoEventLoop: the policy has no loop for this goroutine and makes none.
	ErrNoEventLoop = errors.New("no current event loop")

	// ErrGoexit: a callback or a task called runtime.Goexit.
	ErrGoexit = future.ErrGoexit

	errNilCallback = errors.New("nil callback")
	errNilFactory  = errors.New("nil protocol factory")

	errNilFactoryResult = errors.New("the protocol factory returned nil")
)

// PanicError is the error that a panic in a callback or a task becomes.
type PanicError = future.PanicError
