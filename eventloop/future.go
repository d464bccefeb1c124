package eventloop

import (
	"context"
	"io"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type (
	// Future is a result that will be there later; see package future.
	Future[T any] = future.Future[T]

	// Awaitable is a Future or a Task.
	Awaitable[T any] = future.Awaitable[T]
)

// NewFuture returns a future without a result. It belongs to the loop's
// goroutine, but for what package future says may be called from any.
func NewFuture[T any](l *Loop) *Future[T] { return future.New[T]((*scheduler)(l)) }

func failed[T any](l *Loop, err error) *Future[T] {
	return future.Failed[T]((*scheduler)(l), err)
}

func resolved[T any](l *Loop, v T) *Future[T] {
	return future.Resolved((*scheduler)(l), v)
}

// settle gives f what an operation returned.
func settle[T any](f *Future[T], v T, err error) (settled bool) {
	if err != nil {
		return f.SetError(err)
	}
	return f.SetResult(v)
}

// submit starts an operation on the loop's goroutine, from any goroutine. An
// operation whose future was cancelled before its turn does not begin.
func submit[T any](l *Loop, begin func(*Future[T])) *Future[T] {
	if l.IsClosed() {
		return failed[T](l, ErrLoopClosed)
	}
	f := NewFuture[T](l)
	if l.tasks.OnLoop() {
		begin(f)
		return f
	}
	// One more turn: a cancellation that was posted meanwhile goes first.
	err := l.Post(func() {
		l.CallSoon(func() {
			if !f.Done() {
				begin(f)
			}
		})
	})
	if err != nil {
		return failed[T](l, err)
	}
	return f
}

// submitOwning is submit for an operation that takes c over: c is closed if the
// operation is cancelled before its turn, and still the caller's if the future
// has failed at once.
func submitOwning[T any](l *Loop, c io.Closer, begin func(*Future[T])) *Future[T] {
	begun := false
	f := submit(l, func(f *Future[T]) {
		begun = true
		begin(f)
	})
	if !f.Done() && !l.tasks.OnLoop() {
		// Behind the turn that submit has asked for.
		_ = l.Post(func() {
			l.CallSoon(func() {
				if !begun {
					_ = c.Close()
				}
			})
		})
	}
	return f
}

// then returns a future to which pass gives what it makes of f's value. It is done
// when f is; cancelling it cancels f.
func then[T, U any](l *Loop, f *Future[T], pass func(*Future[U], T)) *Future[U] {
	if f.Done() && f.Err() != nil {
		return failed[U](l, f.Err()) // a refusal is there at once
	}
	return submitOwning(l, abandoned[T]{f}, func(out *Future[U]) {
		out.OnCancel(func() { f.Cancel() })
		f.AddDoneCallback(func(f *Future[T]) {
			v, err := f.Result()
			if err != nil {
				out.SetError(err)
				return
			}
			pass(out, v)
		})
	})
}

// abandoned is a future that somebody else was to look at.
type abandoned[T any] struct{ *Future[T] }

// Close implements io.Closer.
func (a abandoned[T]) Close() error {
	a.Abandon()
	return nil
}

// waitOnly waits for f without cancelling it when ctx ends.
func waitOnly[T any](ctx context.Context, l *Loop, f *Future[T]) error {
	if f.Done() {
		return f.Err()
	}
	waiter := submit(l, func(waiter *Future[T]) {
		remove := f.AddDoneCallback(func(f *Future[T]) {
			v, err := f.Result()
			settle(waiter, v, err)
		})
		waiter.OnCancel(func() { remove() })
	})
	_, err := waiter.Await(ctx)
	return err
}
