package future

import (
	"context"
	"errors"
)

var (
	// ErrInvalidState is what Result returns while there is no result, and what
	// a task gets that awaits itself.
	ErrInvalidState = errors.New("invalid state")

	// ErrCancelled is the result of a future or task that was cancelled, and
	// what a wait in a cancelled task returns. It matches context.Canceled too.
	ErrCancelled error = cancelled{}

	// ErrAwaitOnLoop is what a wait returns that would block a loop's own
	// goroutine, outside a task: nobody could ever end it.
	ErrAwaitOnLoop = errors.New("a wait outside a task would block the event loop")

	// ErrLoopClosed is what waits return whose loop was closed.
	ErrLoopClosed = errors.New("the event loop is closed")

	// ErrGoexit is the error of a task whose function called runtime.Goexit.
	ErrGoexit = errors.New("runtime.Goexit was called")
)

type cancelled struct{}

func (cancelled) Error() string { return "cancelled" }

func (cancelled) Is(target error) bool { return target == context.Canceled }
