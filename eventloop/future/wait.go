package future

import (
	"context"
	"fmt"
)

// A WaitMode says what Wait waits for.
type WaitMode uint8

const (
	// AllCompleted waits until all are over.
	AllCompleted WaitMode = iota
	// FirstCompleted waits until one is over, in whatever way.
	FirstCompleted
	// FirstError waits until one has failed, or all are over. Being cancelled is
	// no failure.
	FirstError
)

// Wait waits until as many of fs are over as mode says, and returns those that
// are and those that are not, in the order of fs, one given twice once. It never
// cancels any and reads no errors: those of a task stay unread until somebody
// asks. It does not suspend if there is nothing to wait for.
//
// If ctx ends first, or the calling task is cancelled, Wait returns the two sets
// as they are then, with the cause; likewise with ErrLoopClosed and, on a loop's
// goroutine outside a task, with ErrAwaitOnLoop. With no fs, or futures of
// several loops, it returns ErrInvalidState and no sets. Any goroutine. It panics
// if ctx is nil.
func Wait[F Any](ctx context.Context, fs []F, mode WaitMode) (done, pending []F, err error) {
	if ctx == nil {
		panic("future: Wait needs a context; use context.Background")
	}
	if len(fs) == 0 {
		return nil, nil, fmt.Errorf("%w: Wait was given nothing to wait for", ErrInvalidState)
	}
	fs = distinct(fs)
	if err := sameLoop(fs[0].Scheduler(), fs); err != nil {
		return nil, nil, err
	}
	err = waitFor(ctx, fs, mode)
	for _, f := range fs {
		if f.Done() {
			done = append(done, f)
		} else {
			pending = append(pending, f)
		}
	}
	return done, pending, err
}

// waitFor waits until enough of fs are over.
func waitFor[F Any](ctx context.Context, fs []F, mode WaitMode) error {
	s := fs[0].Scheduler()
	if reached(fs, mode) {
		return nil
	}
	if t := s.Tasks().calling(ctx); t != nil && t.current == nil {
		return ErrAwaitOnLoop
	}
	enough := New[struct{}](s)
	if err := onLoop(s, func() { tell(enough, fs, mode) }); err != nil {
		return err
	}
	_, err := enough.Await(ctx)
	return err
}

// tell settles enough when as many of fs are over as mode says, and leaves no
// callback with the others.
func tell[F Any](enough *Future[struct{}], fs []F, mode WaitMode) {
	if enough.Done() {
		return
	}
	left := len(fs)
	removes := make([]func() bool, 0, left)
	forget := func() {
		for _, remove := range removes {
			remove()
		}
	}
	enough.onCancel = forget
	for _, f := range fs {
		removes = append(removes, f.WhenDone(func() {
			left--
			if (left == 0 || mode.stops(f)) && enough.SetResult(struct{}{}) {
				forget()
			}
		}))
	}
}

// reached reports whether as many of fs are over as mode says.
func reached[F Any](fs []F, mode WaitMode) bool {
	over := 0
	for _, f := range fs {
		if !f.Done() {
			continue
		}
		if mode.stops(f) {
			return true
		}
		over++
	}
	return over == len(fs)
}

// stops reports whether f, which is over, ends the wait whatever the others do.
func (mode WaitMode) stops(f Any) bool {
	return mode == FirstCompleted || mode == FirstError && broken(f)
}

// broken reports whether f has failed, other than by cancellation, and leaves
// the error unread.
func broken(f Any) bool {
	if own, ok := f.(interface{ broken() bool }); ok {
		return own.broken()
	}
	return f.Done() && !f.Cancelled() && f.Err() != nil
}

func (f *core) broken() bool { return f.state.Load() == failed }

func (t *Task[T]) broken() bool { return t.f.broken() }

// distinct returns fs without repetitions.
func distinct[F Any](fs []F) []F {
	seen := make(map[Any]struct{}, len(fs))
	once := make([]F, 0, len(fs))
	for _, f := range fs {
		if _, again := seen[f]; !again {
			seen[f] = struct{}{}
			once = append(once, f)
		}
	}
	return once
}

// sameLoop returns ErrInvalidState unless all of fs belong to s.
func sameLoop[F Any](s Scheduler, fs []F) error {
	for _, f := range fs {
		if f.Scheduler() != s {
			return fmt.Errorf("%w: the futures belong to different loops", ErrInvalidState)
		}
	}
	return nil
}

// onLoop runs fn on the goroutine of the loop s: at once if that is the caller's.
func onLoop(s Scheduler, fn func()) error {
	if s.Tasks().OnLoop() {
		fn()
		return nil
	}
	return s.Post(fn)
}
