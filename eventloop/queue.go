package eventloop

import "github.com/tidemill-go/tidemill/eventloop/future"

// Queue hands items from those who put to those who get, tasks of one loop and
// goroutines beside it, and makes them wait for each other.
type Queue[T any] = future.Queue[T]

var (
	// ErrQueueEmpty: TryGet would have to wait.
	ErrQueueEmpty = future.ErrQueueEmpty

	// ErrQueueFull: TryPut would have to wait.
	ErrQueueFull = future.ErrQueueFull

	// ErrQueueShutDown: the queue was shut down.
	ErrQueueShutDown = future.ErrQueueShutDown
)

// NewQueue returns a queue from which items come in the order in which they were
// put. It holds at most limit items; if limit is zero or negative, as many as are
// put.
func NewQueue[T any](l *Loop, limit int) *Queue[T] {
	return future.NewQueue[T]((*scheduler)(l), limit)
}

// NewLIFOQueue is NewQueue where the latest item comes first.
func NewLIFOQueue[T any](l *Loop, limit int) *Queue[T] {
	return future.NewLIFOQueue[T]((*scheduler)(l), limit)
}

// NewPriorityQueue is NewQueue where the least item comes first, equal ones in
// the order in which they were put. Compare is as for slices.SortFunc; a nil one
// panics.
func NewPriorityQueue[T any](l *Loop, limit int, compare func(a, b T) int) *Queue[T] {
	return future.NewPriorityQueue((*scheduler)(l), limit, compare)
}
