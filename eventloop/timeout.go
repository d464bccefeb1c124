package eventloop

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A TimeoutError is what waits return whose time is up by a TimeoutScope. It is
// context.DeadlineExceeded, and a timeout as net.Error means it.
type TimeoutError struct {
	After time.Duration // since the scope was made
	Err   error         // what fn returned to Timeout, if that was a cancellation

	scope *TimeoutScope
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("timed out after %v", e.After) }

// Timeout reports true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary reports true, as that of context.DeadlineExceeded does.
func (e *TimeoutError) Temporary() bool { return true }

// Is reports whether target is context.DeadlineExceeded, or of the same scope.
func (e *TimeoutError) Is(target error) bool {
	other, ok := target.(*TimeoutError)
	return ok && other.scope == e.scope || target == context.DeadlineExceeded
}

// A TimeoutScope is a context that ends at a time which can be moved. For that,
// Deadline does not tell it: contexts promise a lasting one. Err is
// context.DeadlineExceeded and context.Cause a *TimeoutError when the time was up.
//
// Made by a task it goes by the loop's clock, its end reaches the task's wait
// without a detour, and the cancellation of the task, delivered once, leaves it
// usable for the waits that clean up, as the task's own context is. It belongs to
// the loop's goroutine, but for the methods of a context.
type TimeoutScope struct {
	context.Context
	clock timeoutClock
	start time.Time
	when  time.Time // zero: never
}

// WithTimeout returns a context that derives from ctx and ends after d, at once
// if that is zero or negative. A result that is there already wins over it, as
// over every context. Cancel ends it early, with context.Canceled, and must be
// called, like every cancel function; it may be called from any goroutine.
//
// In a task the time is that of the loop's clock, elsewhere the system's. To bound
// a single future WaitFor is simpler, and Timeout a function.
func WithTimeout(ctx context.Context, d time.Duration) (scope *TimeoutScope, cancel context.CancelFunc) {
	s := &TimeoutScope{}
	l, err := Running()
	if err != nil || l.tasks.Current() == nil || l.IsClosed() {
		t := newSystemTimeout(ctx)
		s.Context, s.clock = t.ctx, t
	} else {
		t := &loopTimeout{loop: l, scope: l.tasks.Current().OpenScope(ctx)}
		s.Context, s.clock = t.scope, t
	}
	s.start = s.clock.now()
	s.schedule(s.start.Add(d))
	return s, s.clock.close
}

// Timeout calls fn with a context that ends after d; see WithTimeout. It returns
// what fn returns: the waits of fn return a *TimeoutError when the time is up. A
// function that returns a cancellation instead, after the time was up and
// although nobody has cancelled the task, is taken to mean the same.
//
//	err := eventloop.Timeout(ctx, time.Second, func(ctx context.Context) error {
//		return eventloop.Sleep(ctx, time.Hour)
//	}) // timed out after 1s
//
// If scopes are nested, errors.Is(err, context.DeadlineExceeded) does not tell
// whose time was up: Caused and Expired of a scope of WithTimeout do.
func Timeout(ctx context.Context, d time.Duration, fn func(ctx context.Context) error) error {
	s, cancel := WithTimeout(ctx, d)
	defer cancel()
	err := fn(s)
	if !s.Expired() || s.clock.requested() || !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &TimeoutError{After: s.when.Sub(s.start), Err: err, scope: s}
}

// Err returns context.DeadlineExceeded if the time was up, context.Canceled if the
// scope has ended otherwise.
func (s *TimeoutScope) Err() error {
	err := s.Context.Err()
	if err != nil && s.Caused(context.Cause(s.Context)) {
		return context.DeadlineExceeded
	}
	return err
}

// When returns when the scope is to end, or was; the zero time if never.
func (s *TimeoutScope) When() time.Time { return s.when }

// Expired reports whether the scope ended because its own time was up, and not
// that of a scope around it.
func (s *TimeoutScope) Expired() bool { return s.Caused(s.clock.cause()) }

// Caused reports whether err is there because the time of this scope was up.
func (s *TimeoutScope) Caused(err error) bool { return errors.Is(err, &TimeoutError{scope: s}) }

// Reschedule moves the end to when; a zero when takes it away. A time that is past
// ends the scope at once. It returns ErrInvalidState if the scope has ended.
func (s *TimeoutScope) Reschedule(when time.Time) error {
	if s.clock.cause() != nil {
		return fmt.Errorf("%w: the timeout is over", ErrInvalidState)
	}
	s.schedule(when)
	return nil
}

// schedule makes a new error each time: an earlier one may be in use.
func (s *TimeoutScope) schedule(when time.Time) {
	s.when = when
	if when.IsZero() {
		s.clock.disarm()
		return
	}
	s.clock.arm(when, &TimeoutError{After: when.Sub(s.start), scope: s})
}
