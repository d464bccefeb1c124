package eventloop

import (
	"context"
	"fmt"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type (
	// Task is a function that runs as a coroutine on a loop, and the future of
	// what it returns; see package future.
	Task[T any] = future.Task[T]

	// AnyTask is a Task, whatever its type of result.
	AnyTask = future.AnyTask

	// Coro is a task's coroutine, and the context that its function is given.
	Coro = future.Coro
)

// CreateTask makes a task of fn, which begins in the next iteration. A function
// that waits with the context that it is given, or one derived from it, suspends
// the task and lets the loop go on. It runs on the loop's goroutine: it may use
// everything that belongs to the loop, and must not block it. Locking its
// operating system thread is fatal.
//
// On a closed loop the task has failed with ErrLoopClosed. A nil fn panics. Any
// goroutine.
func CreateTask[T any](l *Loop, fn func(ctx context.Context) (T, error)) *Task[T] {
	return future.Create((*scheduler)(l), fn)
}

// AllTasks returns the tasks of the loop that are not over, oldest first. Any
// goroutine.
func (l *Loop) AllTasks() []AnyTask { return l.tasks.All() }

// CurrentTask returns the task that calls, or nil if none of this loop does.
func (l *Loop) CurrentTask() AnyTask {
	if c := l.tasks.Current(); c != nil {
		return c.Task()
	}
	return nil
}

// Sleep waits for d: a task by the clock of its loop, which goes on meanwhile,
// any other goroutine by the system's. A zero or negative d lets others have
// their turn. It returns the cause if ctx ends first, ErrCancelled if the task
// is cancelled, and ErrAwaitOnLoop on a loop's goroutine outside a task.
func Sleep(ctx context.Context, d time.Duration) error {
	l, err := Running()
	if err != nil {
		return sleepBeside(ctx, d)
	}
	c := l.tasks.Current()
	if c == nil {
		return fmt.Errorf("%w: Sleep", ErrAwaitOnLoop)
	}
	if d <= 0 || l.IsClosed() { // there is no clock any more, and the wait is refused
		return c.Yield(ctx)
	}
	timer := l.CallLater(d, c.Waker())
	defer timer.Cancel()
	return c.Suspend(ctx)
}

func sleepBeside(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WaitFor waits for f, at most for d. If that ends first, f is cancelled and the
// error is context.DeadlineExceeded. A result that is there already is returned
// even with a zero or negative d. In a task the time is that of its loop's
// clock.
func WaitFor[T any](ctx context.Context, f Awaitable[T], d time.Duration) (T, error) {
	l, err := Running()
	if err != nil || l.tasks.Current() == nil || l.IsClosed() {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return f.Await(ctx)
	}
	scope := l.tasks.Current().OpenScope(ctx)
	defer scope.Close()
	timer := l.CallLater(d, func() { scope.End(context.DeadlineExceeded) })
	defer timer.Cancel()
	return f.Await(scope)
}

// Do runs fn on the loop's goroutine, as a callback, and returns what it
// returns. It waits as Await does; if ctx ends before fn had its turn, fn does
// not run. A panic in fn becomes a *PanicError. Called by the loop itself it
// runs fn at once.
func (l *Loop) Do(ctx context.Context, fn func() error) error {
	if fn == nil {
		return fmt.Errorf("%w given to Do", errNilCallback)
	}
	call := func() (struct{}, error) { return struct{}{}, fn() }
	if l.tasks.OnLoop() {
		_, err := protect(call)
		return err
	}
	f := submit(l, func(f *Future[struct{}]) {
		var v struct{}
		err := ErrGoexit
		defer func() { settle(f, v, err) }()
		v, err = protect(call)
	})
	_, err := f.Await(ctx)
	return err
}
