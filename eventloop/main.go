package eventloop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// Run makes a loop through the current policy, runs main as a task on it, and
// cleans up when main returns, whose error it returns. When ctx ends, main is
// cancelled: its wait returns ErrCancelled, and it may still clean up by itself;
// Run's error then is ErrCancelled and the cause of ctx. The task's context has
// the values of ctx.
//
// Then, in this order: the other tasks are cancelled and waited for; servers are
// closed; child processes are killed and waited for, and transports closed and
// given the linger time to send what they hold, then aborted; the executor is
// shut down, which waits for functions that still run; the loop is closed. Run
// installs no signal handlers: pass a context of signal.NotifyContext. It returns
// ErrLoopRunning when called by a loop, and an error for a nil main.
func Run(ctx context.Context, main func(ctx context.Context, l *Loop) error) error {
	if main == nil {
		return fmt.Errorf("%w given to Run", errNilCallback)
	}
	if _, err := Running(); err == nil {
		return ErrLoopRunning
	}
	l, err := New()
	if err != nil {
		return err
	}
	task := future.CreateWith((*scheduler)(l), ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, main(ctx, l)
	})
	stop := context.AfterFunc(ctx, func() { _ = l.Post(func() { task.Cancel() }) })
	_, err = RunUntilComplete(l, task)
	stop()
	if errors.Is(err, ErrCancelled) && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrCancelled, context.Cause(ctx))
	}
	if finishing := l.finish(); err == nil {
		err = finishing
	}
	if closing := l.Close(); err == nil {
		err = closing
	}
	return err
}

// finish is the end of Run: a task of its own, because it has to wait. Whoever
// stops or leaves the loop meanwhile does not stop this.
func (l *Loop) finish() error {
	task := CreateTask(l, func(ctx context.Context) (struct{}, error) {
		l.cancelOthers(ctx)
		for s := range l.servers {
			s.Close()
		}
		l.drainTransports(ctx)
		_, err := l.ShutdownDefaultExecutor().Await(ctx)
		return struct{}{}, err
	})
	var left error
	for {
		_, err := RunUntilComplete(l, task)
		if errors.Is(err, ErrGoexit) {
			left = err
		}
		if task.Done() || !errors.Is(err, ErrInvalidState) && !errors.Is(err, ErrGoexit) {
			return cmp.Or(left, err)
		}
	}
}

// cancelOthers cancels every task but the one that calls until none is left: a
// task may make others while it cleans up.
func (l *Loop) cancelOthers(ctx context.Context) {
	self := l.CurrentTask()
	for {
		others := l.AllTasks()
		if len(others) <= 1 {
			return
		}
		over := NewFuture[struct{}](l)
		for _, t := range others {
			if t == self {
				continue
			}
			t.WhenDone(func() { over.SetResult(struct{}{}) })
			t.Cancel()
		}
		if _, err := over.Await(ctx); err != nil {
			return
		}
		l.reportFailures(others)
	}
}

// reportFailures tells of tasks that ended in an error although they were only
// cancelled.
func (l *Loop) reportFailures(tasks []AnyTask) {
	for _, t := range tasks {
		if !t.Done() || t.Cancelled() {
			continue
		}
		if err := t.Err(); err != nil {
			l.CallExceptionHandler(ExceptionContext{Message: "task failed while it was cancelled at the end of Run", Err: err, Task: t})
		}
	}
}

// drainTransports closes every transport, which kills child processes, and waits
// for the last one to be lost; when the linger time is over it aborts those that
// are left. A child that does not die then, because the system holds it or it has
// changed its user, is left to Close.
func (l *Loop) drainTransports(ctx context.Context) {
	l.eachTransport(func(t protocols.BaseTransport) { t.Close() })
	deadline := l.Now().Add(max(l.linger, 0))
	patience := l.Now().Add(max(l.linger, childLinger))
	for aborted := false; l.eachTransport(nil) > 0; {
		if !aborted && !l.Now().Before(deadline) {
			l.eachTransport(protocols.BaseTransport.Abort)
			aborted = true
		}
		if !l.Now().Before(patience) && len(l.driver.transports()) == 0 {
			return
		}
		if Sleep(ctx, drainStep) != nil {
			return
		}
	}
}

const (
	// drainStep is how often the end of Run looks whether transports are lost.
	drainStep = 2 * time.Millisecond

	// childLinger is how long a killed child has at least: without any it could
	// not be reaped before the loop is closed.
	childLinger = 250 * time.Millisecond
)

// eachTransport calls fn for the transports that are not lost yet and returns
// how many there are. Child processes come first: they close their pipes
// themselves.
func (l *Loop) eachTransport(fn func(protocols.BaseTransport)) (n int) {
	for c := range l.children {
		n++
		if fn != nil {
			fn(c)
		}
	}
	for _, t := range l.driver.transports() {
		n++
		if whole, ok := t.(protocols.Transport); ok {
			t = transports.Uppermost(whole)
		}
		if fn != nil {
			fn(t)
		}
	}
	return n
}
