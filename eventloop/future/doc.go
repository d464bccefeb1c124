// Package future has the results that come later, and the tasks that wait for
// them, over any event loop that is a [Scheduler].
//
//	func sum(s future.Scheduler, a, b *future.Future[int]) *future.Task[int] {
//		return future.Create(s, func(ctx context.Context) (int, error) {
//			x, err := a.Await(ctx)
//			if err != nil {
//				return 0, err
//			}
//			y, err := b.Await(ctx)
//			return x + y, err
//		})
//	}
//
// A [Future] is settled once, by whoever made it. A [Task] is a function that
// runs as a coroutine on the loop's goroutine and settles a future of its own
// with what it returns. Programs use both under their names in package
// eventloop.
//
// # Goroutines
//
// Futures and tasks belong to the goroutine of their loop. From any other one
// may call Await, Settle, Create, and the methods that only look: Done,
// Cancelled, Result, Err. While the loop does not run, its futures belong to
// whoever is going to run it.
//
// What Await does depends on who calls, not on the context that it is given:
//
//	a task, of this or another loop        suspends the task
//	a loop's goroutine outside a task      returns ErrAwaitOnLoop
//	any other goroutine                    blocks
//
// Callbacks and resumed tasks always go through the loop's queue, in the order
// in which they asked.
//
// # Cancellation
//
// Cancel requests the end of a task. It is delivered once, as ErrCancelled, by
// the wait in which the task is suspended or else by its next one; a future or
// task that it awaits is cancelled first. A task may clean up with further
// waits, may survive, and may be cancelled again.
//
// The request also ends the task's context for everybody who looks at Done, and
// for the contexts derived from it. As every context it never comes back: waits
// that are given the task's own context work after the first delivery, and what
// a survivor derives with a time-out comes from context.WithoutCancel(ctx), or
// from [Coro.OpenScope]: a [CancelScope] is what ends a part of a task, by a
// time-out or a failure, without the task, and stays as usable after a
// cancellation as the task's own context.
//
// # Several tasks
//
// [Gather] waits for the results of several futures, [Wait] for some of them,
// [Shield] without cancelling; [RunTaskGroup] is for tasks that end together.
//
// A [Lock], [Semaphore], [Event], [Condition], [Barrier] and [Queue] belong to one
// loop. Those who wait stand in line: what becomes free is handed to the first, so
// that nobody gets between, and one that is cancelled after it got something hands
// it on. Who need not wait does not suspend. Their methods with a context may be
// called from any goroutine, which they block if it is not the loop's, except that
// only a task can wait for a Condition; tasks of other loops are refused with
// ErrInvalidState.
//
// # Limits
//
//   - runtime.LockOSThread in a task is fatal: the runtime refuses the next
//     switch.
//   - A wait inside a user's own iter.Pull inside a task is a wait on another
//     goroutine: it blocks the loop.
//   - A sync.Mutex held across a wait deadlocks the loop as soon as another task
//     wants it.
//   - A loop must be closed: until then the coroutines of its suspended tasks
//     stay, each with a stack of at least 2 KiB.
//   - Cancelling the last link of a chain of a hundred thousand tasks that await
//     each other recurses as deep.
//
// # Design notes
//
// Tasks are coroutines of iter.Pull and not goroutines that hand over through
// channels: a switch costs about twice a bare Pull's, nothing is allocated, and
// the loop's data need no locks. Which coroutine executes for the loop is known
// by its goroutine's identity (package goroutine), because Go has nothing that is
// local to a goroutine, and contexts cannot tell: any goroutine may hold a
// task's.
//
// The context is not made fresh when a cancellation has been delivered, handy as
// that would be for survivors: other goroutines that saw Done closed read Err
// later, at their leisure, and have to find an error there. The standard library
// panics where it does not.
//
// A task group does not cancel the task that runs it, as asyncio's does, which
// has to take that back afterwards: it ends the scope of its body.
//
// A goroutine beside the loop and the loop agree by one atomic who was first, the
// end of the goroutine's context or the hand-over; a result that the goroutine did
// not fetch would have to be taken back, and an item that was put can not be.
package future
