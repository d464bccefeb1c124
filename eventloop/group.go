package eventloop

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// TaskGroup is tasks that end together; see RunTaskGroup.
type TaskGroup = future.TaskGroup

// RunTaskGroup calls body, which starts tasks with Go or GroupTask, and waits
// until all of them are over.
//
// If one fails, or body returns an error, the others are cancelled, and the waits
// of body end that are given its context, with ErrCancelled and the failure. The
// errors of all, in the order in which they came, are what RunTaskGroup returns,
// joined if there are several. Cancelled tasks are no failures; a panic is, as a
// *PanicError. Nothing is started any more once the group is ending.
//
// If the calling task is cancelled, or ctx ends, that reaches everything in the
// group, and RunTaskGroup returns it when all are over. If there are errors as
// well, they are returned, and a cancellation is delivered by the task's next
// wait.
//
// The caller must be a task: on another goroutine RunTaskGroup returns
// ErrNoRunningLoop, in a callback ErrAwaitOnLoop. A nil body panics.
func RunTaskGroup(ctx context.Context, body func(ctx context.Context, g *TaskGroup) error) error {
	l, err := Running()
	if err != nil {
		return err
	}
	return future.RunTaskGroup(ctx, (*scheduler)(l), body)
}

// GroupTask starts a task in the group, as g.Go does, with a result. In a group
// that is ending fn is not called and the task has failed with ErrInvalidState.
func GroupTask[T any](g *TaskGroup, fn func(ctx context.Context) (T, error)) *Task[T] {
	return future.GroupTask(g, fn)
}
