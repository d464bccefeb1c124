package eventloop

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type (
	// Any is a Future or a Task, whatever its type of result.
	Any = future.Any

	// Outcome is how one of the futures of GatherSettled ended.
	Outcome[T any] = future.Outcome[T]

	// WaitMode says what Wait waits for.
	WaitMode = future.WaitMode
)

// What Wait waits for.
const (
	// AllCompleted: all are over.
	AllCompleted = future.AllCompleted
	// FirstCompleted: one is over, in whatever way.
	FirstCompleted = future.FirstCompleted
	// FirstError: one has failed, which being cancelled is not, or all are over.
	FirstError = future.FirstError
)

// Gather returns a future of the results of fs, in their order. If one fails or
// is cancelled, the future fails with that error at once and the others go on;
// see TaskGroup for tasks that end together. Cancelling it, as an Await does
// whose context ends, cancels all of fs, and it is over when they are. Without
// any fs the result is empty; one that is given twice gives its result twice.
//
// Futures of another loop than l make it fail with ErrInvalidState. Any
// goroutine.
func Gather[T any](l *Loop, fs ...Awaitable[T]) *Future[[]T] {
	return future.Gather((*scheduler)(l), fs...)
}

// GatherSettled is Gather that waits for all of fs, and has their errors as
// results: asyncio's return_exceptions.
func GatherSettled[T any](l *Loop, fs ...Awaitable[T]) *Future[[]Outcome[T]] {
	return future.GatherSettled((*scheduler)(l), fs...)
}

// Shield returns a future that ends as f does, but whose cancellation does not
// reach f. If f fails after that, the error is reported: of a future at once, of
// a task when nobody reads it in the end. Any goroutine.
func Shield[T any](f Awaitable[T]) *Future[T] { return future.Shield(f) }

// Wait waits until as many of fs are over as mode says, and returns those that
// are and those that are not, in their order. It cancels none of them and reads no
// errors. If ctx ends first, or the task is cancelled, the two sets are returned
// with the cause. It returns ErrInvalidState for no fs at all and for those of
// different loops. Any goroutine.
func Wait[F Any](ctx context.Context, fs []F, mode WaitMode) (done, pending []F, err error) {
	return future.Wait(ctx, fs, mode)
}
