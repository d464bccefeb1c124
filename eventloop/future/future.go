package future

import "context"

// A Future is a result that will be there later. It belongs to the goroutine of
// its loop: SetResult, SetError, Cancel, OnCancel and the two methods that add
// callbacks are called there, or while the loop does not run. Done, Cancelled,
// Result, Err, Await, Settle and Abandon may be called from any goroutine.
//
// Futures are made by [New], [Resolved] and [Failed].
type Future[T any] struct {
	core
	value T
}

// New returns a future of the loop s that has no result yet.
func New[T any](s Scheduler) *Future[T] {
	f := new(Future[T])
	f.sched = s
	return f
}

// Resolved returns a future that has the result v.
func Resolved[T any](s Scheduler, v T) *Future[T] {
	f := New[T](s)
	f.SetResult(v)
	return f
}

// Failed returns a future that has failed with err, which must not be nil.
func Failed[T any](s Scheduler, err error) *Future[T] {
	f := New[T](s)
	f.SetError(err)
	return f
}

// Result returns the value and error that the future was given: the zero value
// and ErrInvalidState while it is pending, ErrCancelled if it was cancelled.
func (f *Future[T]) Result() (T, error) {
	err := f.outcome()
	if err == nil {
		err = f.own()
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return f.value, nil
}

// Err returns the error of Result.
func (f *Future[T]) Err() error { return f.outcome() }

// SetResult gives the future its value. It reports false, and does nothing, if
// the future is done already: it may have been cancelled. For a v that has to be
// closed then there is Deliver.
func (f *Future[T]) SetResult(v T) bool {
	if f.Done() {
		return false
	}
	f.value = v
	f.publish(resolved, nil)
	return true
}

// SetError makes the future fail. It reports false, and does nothing, if the
// future is done already. It panics if err is nil.
func (f *Future[T]) SetError(err error) bool {
	if err == nil {
		panic("future: SetError needs an error; a nil one would look like a result")
	}
	if f.Done() {
		return false
	}
	f.publish(failed, err)
	return true
}

// Settle is SetError, or SetResult if err is nil, for callers on any goroutine:
// it has the loop do it. It returns an error if the loop is closed. Nothing says
// whether the future was still waiting for a result when its turn came.
func (f *Future[T]) Settle(v T, err error) error {
	return f.sched.Post(func() {
		if err != nil {
			f.SetError(err)
			return
		}
		f.SetResult(v)
	})
}

// Cancel ends the future with ErrCancelled and reports true, or false if it is
// done already. A future of Gather is cancelled by cancelling its parts, and
// done when they are.
func (f *Future[T]) Cancel() bool { return f.cancel() }

// OnCancel has fn called, once, inside a Cancel that succeeds, after the future
// was marked as done. It is for the operation behind the future, which stops its
// work and gives back what it holds. Another OnCancel replaces fn, nil takes it
// back, the end of the future drops it. If the future has been cancelled before,
// fn is called at once. It does nothing to a future of Gather.
func (f *Future[T]) OnCancel(fn func()) {
	switch {
	case f.relays:
	case !f.Done():
		f.onCancel = fn
	case f.Cancelled() && fn != nil:
		fn()
	}
}

// AddDoneCallback has fn called by the loop, never inside another call of this
// package, once the future is done; also if it is done already. Callbacks run in
// the order in which they were added. The function that it returns takes the
// callback back and reports whether that was in time. After the loop was closed
// nothing is called any more.
func (f *Future[T]) AddDoneCallback(fn func(*Future[T])) (remove func() bool) {
	if fn == nil {
		panic("future: AddDoneCallback needs a function")
	}
	return f.whenDone(func() { fn(f) })
}

// WhenDone is AddDoneCallback for functions that know the future.
func (f *Future[T]) WhenDone(fn func()) (remove func() bool) {
	if fn == nil {
		panic("future: WhenDone needs a function")
	}
	return f.whenDone(fn)
}

// Await waits until the future is done and returns its result.
//
// In a task, of whatever loop, it suspends the task; on a loop's goroutine
// outside a task it returns ErrAwaitOnLoop; on any other goroutine it blocks. A
// result that is there already is returned in every case, even if ctx is over.
//
// If ctx ends first, the future is cancelled and context.Cause(ctx) is returned;
// a value that comes too late for that is disposed of, see Deliver.
// Where the future is a task's, the task may take its time to end: a task of the
// same loop goes on waiting for it, and gets its result if it survives; everybody
// else asks for the cancellation and leaves.
//
// If the waiting task itself is cancelled, the future is cancelled and Await
// returns when it is over, with ErrCancelled as a rule; a result that another
// task returned in spite of it is returned. If the loop of the future or of the
// waiting task is closed, Await returns that loop's error, ErrLoopClosed.
//
// Await panics if ctx is nil.
func (f *Future[T]) Await(ctx context.Context) (T, error) {
	if err := f.wait(ctx); err != nil {
		var zero T
		return zero, err
	}
	return f.Result()
}
