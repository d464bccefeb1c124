package future

import "context"

// A Scheduler is what futures and tasks need of an event loop.
type Scheduler interface {
	// Post runs fn on the loop's goroutine, after everything that was posted
	// before it, never inside the call. It may be called from any goroutine, also
	// before the loop runs. On a closed loop it returns an error, ErrLoopClosed
	// as a rule, and fn is not run.
	Post(fn func()) error

	// Tasks returns the loop's tasks, always the same.
	Tasks() *Tasks

	// Report hands an error that nobody else will see to the loop's exception
	// handler. Task is the AnyTask that it is about, or its name if the task has
	// been collected. It is called on the goroutine that the loop belongs to.
	Report(message string, err error, task any)
}

// Any is a future or a task, whatever its type of result.
type Any interface {
	// Done reports whether there is a result, an error or a cancellation.
	Done() bool

	// Cancelled reports whether it ended by cancellation.
	Cancelled() bool

	// Err returns nil after success, ErrCancelled after cancellation,
	// ErrInvalidState while there is no result.
	Err() error

	// Cancel asks for its end and reports whether it was not over yet. It
	// belongs to the loop's goroutine.
	Cancel() bool

	// WhenDone is AddDoneCallback without the future.
	WhenDone(fn func()) (remove func() bool)

	// Scheduler returns the loop that it belongs to.
	Scheduler() Scheduler
}

// Awaitable is a Future[T] or a Task[T].
type Awaitable[T any] interface {
	Any
	Result() (T, error)
	Await(ctx context.Context) (T, error)
}

// AnyTask is a Task[T], whatever its T.
type AnyTask interface {
	Any

	// Name returns what SetName set, else "task-" and a number.
	Name() string

	// String adds the function and the state to the name.
	String() string
}

var (
	_ Awaitable[int] = (*Future[int])(nil)
	_ Awaitable[int] = (*Task[int])(nil)
	_ AnyTask        = (*Task[int])(nil)
)
