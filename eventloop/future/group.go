package future

import (
	"context"
	"errors"
	"fmt"
)

// A TaskGroup is tasks that end together: RunTaskGroup makes one, and returns
// when all of them are over. It belongs to the loop's goroutine; its tasks may
// start further ones in it.
type TaskGroup struct {
	sched          Scheduler
	coro           *Coro // of the task that runs the group
	scope          *CancelScope
	oldest, newest *member
	errs           []error
	draining       bool // the task waits for the members
	closed         bool // nothing is started any more
	aborted        bool // everything was cancelled
	stopped        *groupEnd
}

// groupEnd is why the scope of a group ends: for the waits of its body it is a
// cancellation.
type groupEnd struct{ failure error } // nil: by Cancel

func (e *groupEnd) Error() string {
	if e.failure == nil {
		return "cancelled: the task group was cancelled"
	}
	return "cancelled: the task group has failed: " + e.failure.Error()
}

func (e *groupEnd) Is(target error) bool {
	return target == ErrCancelled || target == context.Canceled
}

func (e *groupEnd) Unwrap() error { return e.failure }

// RunTaskGroup calls body, which starts tasks in the group, and waits until all
// of them are over.
//
// If a task fails, or body returns an error, the other tasks are cancelled, and
// the waits of body end that are given the context it got: their error is
// ErrCancelled and the failure. Then RunTaskGroup returns all errors, in the order
// in which they came, joined by errors.Join if there are several. Cancellations
// are not among them; that a member is cancelled by somebody concerns nobody
// else. A panic in a task or in body is its error, a *PanicError.
//
// If the calling task is cancelled, or ctx ends, so are the members and body, and
// RunTaskGroup returns that error, but not before all are over. If members have
// failed as well, their errors are returned, with the cause of ctx if that is no
// cancellation; the cancellation of the task is then delivered by its next wait.
//
// The caller must be a task of s: in a callback of the loop RunTaskGroup returns
// ErrAwaitOnLoop, elsewhere ErrInvalidState. A loop that is closed does not wait for
// the members, which it ends by itself: the error is the loop's.
func RunTaskGroup(ctx context.Context, s Scheduler, body func(ctx context.Context, g *TaskGroup) error) error {
	if body == nil {
		panic("future: RunTaskGroup needs a function")
	}
	c := s.Tasks().Current()
	switch {
	case c == nil && s.Tasks().OnLoop():
		return fmt.Errorf("%w: RunTaskGroup", ErrAwaitOnLoop)
	case c == nil:
		return fmt.Errorf("%w: only a task can run a task group", ErrInvalidState)
	}
	g := &TaskGroup{sched: s, coro: c, scope: c.OpenScope(ctx)}
	defer g.scope.Close()
	return g.run(ctx, body)
}

// run also waits for the members when body calls runtime.Goexit.
func (g *TaskGroup) run(ctx context.Context, body func(context.Context, *TaskGroup) error) error {
	returned := false
	defer func() {
		if !returned {
			g.abort(&groupEnd{ErrGoexit})
			_ = g.drain(ctx)
		}
	}()
	err := g.call(body)
	asked := g.scope.Requested() || g.scope.Cause() != nil
	switch {
	case err == nil:
	case isCancellation(err, asked):
		g.abort(&groupEnd{err})
	default:
		g.errs = append(g.errs, err)
		g.abort(&groupEnd{err})
	}
	outside := g.drain(ctx)
	returned = true
	return g.verdict(err, outside)
}

// call turns a panic of body into an error, like that of any task.
func (g *TaskGroup) call(body func(context.Context, *TaskGroup) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = NewPanicError(value)
		}
	}()
	return body(g.scope, g)
}

// drain waits for the members, whatever happens, and returns what happened.
func (g *TaskGroup) drain(ctx context.Context) (outside error) {
	for g.oldest != nil {
		g.draining = true
		err := g.coro.Suspend(ctx)
		g.draining = false
		switch {
		case err == nil:
			continue
		case g.coro.tasks.closeErr != nil:
			g.disown()
			return err
		case outside == nil:
			outside = err
		}
		ctx = g.coro // an ended one would not suspend again
		g.abort(&groupEnd{err})
	}
	g.closed = true
	return outside
}

// verdict is the error of the group. Errors win over cancellations, but a
// cancellation of the task is not forgotten: nobody else would deliver it. The
// end of the loop is not told beside errors, which would not be reported then.
func (g *TaskGroup) verdict(body, outside error) error {
	closed := g.coro.tasks.closeErr != nil
	told := closed || errors.Is(outside, context.Canceled) || errors.Is(body, outside)
	if outside != nil && !told {
		g.errs = append(g.errs, outside)
	}
	asked := g.scope.Requested()
	if asked && len(g.errs) > 0 {
		g.coro.requested, g.coro.mustCancel = true, true
	}
	switch {
	case len(g.errs) > 1:
		return errors.Join(g.errs...)
	case len(g.errs) == 1:
		return g.errs[0]
	case outside != nil:
		return outside
	case g.stopped != nil && !asked && g.scope.Cause() == error(g.stopped):
		return nil // body's error tells of Cancel
	default:
		return body
	}
}

// Cancel cancels the tasks of the group and ends the waits of its body, as a
// failure does, but is none: RunTaskGroup returns nil if there are no errors.
func (g *TaskGroup) Cancel() {
	if !g.aborted {
		g.stopped = new(groupEnd)
		g.abort(g.stopped)
	}
}

// abort ends what the group does, once.
func (g *TaskGroup) abort(why *groupEnd) {
	g.closed = true
	if g.aborted {
		return
	}
	g.aborted = true
	g.scope.End(why)
	for m := g.oldest; m != nil; m = m.younger {
		m.coro.cancel()
	}
}
