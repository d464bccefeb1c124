package future

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
)

// A Task is a function that runs as a coroutine on a loop, and the future of
// what it returns. Tasks are made by [Create] and [CreateWith].
//
// SetName, Cancel and the two methods that add callbacks belong to the loop's
// goroutine; the others may be called from any.
type Task[T any] struct {
	f       Future[T]
	c       Coro
	fn      func(ctx context.Context) (T, error)
	entry   uintptr // of fn, for String
	failure atomic.Pointer[failure]
}

// runner is what a Coro needs of its task.
type runner interface {
	AnyTask
	run()             // calls the function and settles the task
	refuse(err error) // settles the task without
}

// Create makes a task of fn on the loop s. Its first step is posted, never run
// inside the call. If the loop is closed, the task has ended with the loop's
// error. Create may be called from any goroutine; it panics if fn is nil.
//
// The task ends with what fn returns; with ErrCancelled if fn returns an error
// that is ErrCancelled, or context.Canceled after a Cancel; with a *PanicError if
// fn panics; with ErrGoexit if it calls runtime.Goexit, which then ends the
// goroutine of the loop as well. An error that nobody reads is reported to the
// loop's exception handler, when the task is collected or when the loop is
// closed.
func Create[T any](s Scheduler, fn func(ctx context.Context) (T, error)) *Task[T] {
	return CreateWith(s, nil, fn)
}

// CreateWith is Create for a task whose context has the values of another one,
// but neither its deadline nor its end. A nil context has none.
func CreateWith[T any](s Scheduler, values context.Context, fn func(ctx context.Context) (T, error)) *Task[T] {
	t := newTask(s, values, fn)
	err := t.c.tasks.add(&t.c)
	if err == nil {
		err = s.Post(t.c.resume)
	}
	if err != nil {
		t.refuse(err)
	}
	return t
}

// newTask makes a task that nobody knows yet.
func newTask[T any](s Scheduler, values context.Context, fn func(ctx context.Context) (T, error)) *Task[T] {
	if fn == nil {
		panic("future: Create needs a function")
	}
	t := &Task[T]{fn: fn, entry: reflect.ValueOf(fn).Pointer()}
	t.f.sched, t.f.coro = s, &t.c
	t.c.sched, t.c.tasks, t.c.task = s, s.Tasks(), t
	t.c.waiter = &t.c
	t.c.resume = t.c.step
	if values != nil {
		t.c.values = context.WithoutCancel(values)
	}
	return t
}

// run is called on the coroutine. The deferred call tells a panic from a Goexit,
// and sees the panicking stack while it is still there.
func (t *Task[T]) run() {
	returned := false
	defer func() {
		if returned {
			return
		}
		err := ErrGoexit
		if value := recover(); value != nil {
			err = NewPanicError(value)
		}
		var zero T
		t.settle(zero, err)
	}()
	fn := t.fn
	t.fn = nil
	value, err := fn(&t.c)
	returned = true
	t.settle(value, err)
}

// refuse ends a task that did not run.
func (t *Task[T]) refuse(err error) {
	t.fn = nil
	var zero T
	t.settle(zero, err)
}

func (t *Task[T]) settle(value T, err error) {
	asked := t.c.ended.Load()
	t.c.finished()
	switch {
	case err == nil && t.c.mustCancel:
		t.f.publish(revoked, ErrCancelled)
	case err == nil:
		t.f.value = value
		t.f.publish(resolved, nil)
	case errors.Is(err, ErrCancelled):
		t.f.publish(revoked, err)
	case asked && errors.Is(err, context.Canceled):
		t.f.publish(revoked, ErrCancelled)
	default:
		if !errors.Is(err, ErrLoopClosed) && !errors.Is(err, t.c.tasks.closed()) {
			t.failure.Store(blame(t, err))
		}
		t.f.publish(failed, err)
	}
	t.c.end() // after the result, which wins over an ended context
}

// read notes that the task's error, if there is one, has found a reader.
func (t *Task[T]) read() {
	if fl := t.failure.Swap(nil); fl != nil {
		fl.read()
	}
}

// Done reports whether the task is over.
func (t *Task[T]) Done() bool { return t.f.Done() }

// Cancelled reports whether the task is over and ended by cancellation.
func (t *Task[T]) Cancelled() bool { return t.f.Cancelled() }

// Scheduler returns the loop that the task runs on.
func (t *Task[T]) Scheduler() Scheduler { return t.f.sched }

// Result returns what the task's function returned; the zero value and
// ErrInvalidState while it is not over, an error that is ErrCancelled if it was
// cancelled.
func (t *Task[T]) Result() (T, error) {
	t.read()
	return t.f.Result()
}

// Err returns the error of Result.
func (t *Task[T]) Err() error {
	t.read()
	return t.f.Err()
}

// Await waits until the task is over and returns its result; see [Future.Await].
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	if err := t.f.wait(ctx); err != nil {
		var zero T
		return zero, err
	}
	return t.Result()
}

// Cancel requests that the task end, and reports false if it is over already.
// The wait in which the task is suspended, or its next one, returns ErrCancelled;
// if the task awaits a future of its loop, that future is cancelled and the wait
// ends when the future does. The task may go on all the same, and be cancelled
// again. A task that has not begun never will.
func (t *Task[T]) Cancel() bool { return t.c.cancel() }

// AddDoneCallback has fn called by the loop once the task is over; see
// [Future.AddDoneCallback].
func (t *Task[T]) AddDoneCallback(fn func(*Task[T])) (remove func() bool) {
	if fn == nil {
		panic("future: AddDoneCallback needs a function")
	}
	return t.f.whenDone(func() { fn(t) })
}

// WhenDone is AddDoneCallback for functions that know the task.
func (t *Task[T]) WhenDone(fn func()) (remove func() bool) { return t.f.WhenDone(fn) }

// SetName gives the task a name for reports.
func (t *Task[T]) SetName(name string) { t.c.name = name }

// Name returns what SetName set, else "task-" and a number.
func (t *Task[T]) Name() string {
	if t.c.name != "" {
		return t.c.name
	}
	return fmt.Sprintf("task-%d", t.c.number)
}

// String returns the name, the function and the state: "task-3 main.serve
// (pending)".
func (t *Task[T]) String() string {
	state := [...]string{pending: "pending", resolved: "done", failed: "failed", revoked: "cancelled"}
	function := "unknown function"
	if f := runtime.FuncForPC(t.entry); f != nil {
		function = f.Name()
	}
	return fmt.Sprintf("%s %s (%s)", t.Name(), function, state[t.f.state.Load()])
}
