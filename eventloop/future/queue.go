package future

import (
	"context"
	"errors"
)

var (
	// ErrQueueEmpty is what TryGet returns that would have to wait.
	ErrQueueEmpty = errors.New("the queue is empty")

	// ErrQueueFull is what TryPut returns that would have to wait.
	ErrQueueFull = errors.New("the queue is full")

	// ErrQueueShutDown is what the methods of a queue return after Shutdown.
	ErrQueueShutDown = errors.New("the queue was shut down")
)

// A Queue hands items from those who put to those who get, and makes them wait
// for each other. Both sides are served in the order in which they came: who
// comes while others wait stands behind them, also TryGet and TryPut. An item
// stays in the queue until the getter that it was promised to takes it, so that a
// cancelled one loses nothing and changes no order.
//
// Get, Put and Join may be called from any goroutine, which makes a queue the
// bridge between a loop and goroutines beside it; the other methods belong to the
// loop's goroutine: elsewhere it is l.Post(queue.TaskDone). Queues are made by
// [NewQueue], [NewLIFOQueue] and [NewPriorityQueue].
type Queue[T any] struct {
	sched            Scheduler
	limit            int // not positive: none
	items            store[T]
	getters, putters line
	promisedItems    int // to tasks that were woken to get
	promisedRoom     int // to tasks that were woken to put
	unfinished       int
	joiners          line
	shut             bool
}

// NewQueue returns a queue of the loop s, from which items come in the order in
// which they were put. It holds at most limit items; if limit is zero or negative,
// as many as are put.
func NewQueue[T any](s Scheduler, limit int) *Queue[T] {
	return &Queue[T]{sched: s, limit: limit, items: new(fifo[T])}
}

// NewLIFOQueue is NewQueue where the latest item comes first.
func NewLIFOQueue[T any](s Scheduler, limit int) *Queue[T] {
	return &Queue[T]{sched: s, limit: limit, items: new(lifo[T])}
}

// NewPriorityQueue is NewQueue where the least item comes first, equal ones in
// the order in which they were put. Compare is called as by slices.SortFunc, on
// the loop's goroutine; NewPriorityQueue panics if it is nil.
func NewPriorityQueue[T any](s Scheduler, limit int, compare func(a, b T) int) *Queue[T] {
	if compare == nil {
		panic("future: a priority queue needs a function that compares")
	}
	return &Queue[T]{sched: s, limit: limit, items: &ranked[T]{compare: compare}}
}

// Put waits until there is room for v and puts it in; if there is, it does not
// look at ctx. After an error v is not in the queue: ErrQueueShutDown if the queue
// is shut down, also meanwhile, else as of [Lock.Acquire].
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	c, near, err := q.sched.Tasks().waits(ctx)
	if err != nil {
		return err
	}
	if !near {
		return q.putBeside(ctx, v)
	}
	if err := q.TryPut(v); err != ErrQueueFull {
		return err
	}
	if c == nil {
		return ErrAwaitOnLoop
	}
	granted, err := q.putters.wait(ctx, c)
	if granted {
		q.promisedRoom--
	}
	if err == nil && q.shut {
		err = ErrQueueShutDown
	}
	if err == nil {
		q.add(v)
	}
	if granted {
		q.dispense()
	}
	return err
}

// putBeside is Put for a goroutine beside the loop: apart, because here v is
// allocated.
func (q *Queue[T]) putBeside(ctx context.Context, v T) error {
	return q.putters.waitBeside(ctx, q.sched, func() { q.add(v) }, q.dispense)
}

// TryPut puts v in if there is room, else it returns ErrQueueFull, or after
// Shutdown ErrQueueShutDown.
func (q *Queue[T]) TryPut(v T) error {
	switch {
	case q.shut:
		return ErrQueueShutDown
	case !q.room():
		return ErrQueueFull
	}
	q.add(v)
	q.dispense()
	return nil
}

// Get waits for an item and takes it; if there is one, it does not look at ctx.
// After an error none was taken: ErrQueueShutDown if the queue is shut down and
// empty, else as of [Lock.Acquire].
func (q *Queue[T]) Get(ctx context.Context) (v T, err error) {
	c, near, err := q.sched.Tasks().waits(ctx)
	if err != nil {
		return v, err
	}
	if !near {
		return q.getBeside(ctx)
	}
	if v, err := q.TryGet(); err != ErrQueueEmpty {
		return v, err
	}
	if c == nil {
		return v, ErrAwaitOnLoop
	}
	granted, err := q.getters.wait(ctx, c)
	if granted {
		q.promisedItems--
	}
	if err == nil && q.items.len() == 0 { // Shutdown has dropped what was promised
		err = ErrQueueShutDown
	}
	if err == nil {
		v = q.items.pop()
	}
	if granted {
		q.dispense()
	}
	return v, err
}

func (q *Queue[T]) getBeside(ctx context.Context) (v T, err error) {
	err = q.getters.waitBeside(ctx, q.sched, func() { v = q.items.pop() }, q.dispense)
	return v, err
}

// TryGet takes an item if there is one that is not promised to a getter, else it
// returns ErrQueueEmpty, or ErrQueueShutDown if there will never be one.
func (q *Queue[T]) TryGet() (v T, err error) {
	switch {
	case q.items.len() > q.promisedItems:
		v = q.items.pop()
		q.dispense()
		return v, nil
	case q.shut && q.items.len() == 0:
		return v, ErrQueueShutDown
	default:
		return v, ErrQueueEmpty
	}
}

// Len returns the number of items in the queue, those included that are promised
// to getters which have not had their turn.
func (q *Queue[T]) Len() int { return q.items.len() }

// Limit returns the number of items that the queue holds at most; zero means that
// there is no limit.
func (q *Queue[T]) Limit() int { return max(q.limit, 0) }

// TaskDone says that an item that was got has been dealt with. It panics when it
// is called more often than items were put.
func (q *Queue[T]) TaskDone() {
	if q.unfinished == 0 {
		panic("future: TaskDone was called more often than items were put")
	}
	q.finished(1)
}

// Join waits until TaskDone was called for every item that was put, or Shutdown
// has dropped it. The errors are those of [Lock.Acquire].
func (q *Queue[T]) Join(ctx context.Context) error {
	c, near, err := q.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return err
	case !near:
		return q.joiners.waitBeside(ctx, q.sched, nil, func() { q.finished(0) })
	case q.unfinished == 0:
		return nil
	case c == nil:
		return ErrAwaitOnLoop
	}
	_, err = q.joiners.wait(ctx, c)
	return err
}

// Shutdown ends the queue: puts fail, those that wait too, and gets fail once it
// is empty. What is in it can still be got, unless immediately is true: then it
// is dropped, and counts as dealt with. Shutting down again does nothing, except
// to drop what is left.
func (q *Queue[T]) Shutdown(immediately bool) {
	q.shut = true
	if immediately {
		dropped := q.items.len()
		q.items.clear()
		q.finished(dropped)
	}
	q.dispense()
}

func (q *Queue[T]) finished(n int) {
	if q.unfinished -= n; q.unfinished == 0 {
		q.joiners.grantAll(nil)
	}
}

func (q *Queue[T]) add(v T) {
	q.items.push(v)
	q.unfinished++
}

func (q *Queue[T]) room() bool {
	return q.limit <= 0 || q.items.len()+q.promisedRoom < q.limit
}

// dispense serves those who wait as far as it goes. It follows every change.
func (q *Queue[T]) dispense() {
	if q.shut {
		q.putters.grantAll(ErrQueueShutDown)
		if q.items.len() == 0 {
			q.getters.grantAll(ErrQueueShutDown)
		}
	}
	for {
		switch {
		case q.items.len() > q.promisedItems && q.getters.serve(&q.promisedItems):
		case q.room() && q.putters.serve(&q.promisedRoom):
		default:
			return
		}
	}
}
