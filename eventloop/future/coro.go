package future

import (
	"context"
	"iter"
	"sync/atomic"
)

// What a task's coroutine is doing.
const (
	queued  uint8 = iota // its next step has been posted
	running              // it executes
	parked               // it waits to be woken
	over                 // it will not run again
)

// A Coro is the coroutine of a task, and the context.Context that the task's
// function is given. The methods of Context may be called from any goroutine;
// everything else belongs to the loop's.
type Coro struct {
	node  // what the task awaits, if that is a future of its own loop
	sched Scheduler
	tasks *Tasks
	task  runner

	resume func()                  // step, made once so that a switch allocates nothing
	waker  func()                  // Wake, made when first asked for
	next   func() (struct{}, bool) // switches to the coroutine; nil before the first step
	yield  func(struct{}) bool     // switches back

	wait       uint32 // counts the waits, so that late news are told from fresh
	status     uint8
	mustCancel bool // ErrCancelled is to be delivered by the next or current wait
	requested  bool // Cancel was called and no wait has ended since
	passing    bool // inside pass
	expired    bool // the context of the current wait is over
	bare       bool // the current wait is Suspend's
	yielding   bool // ... and ends at once

	cancels uint32          // counts the requests, so that scopes tell those made in them
	until   context.Context // of the current wait
	scopes  *CancelScope    // the open ones, newest first
	ticket  *ticket         // for a place in a line, made at the first wait for one

	values context.Context // nil: none
	scope  atomic.Pointer[scope]
	ended  atomic.Bool

	older, younger *Coro // in Tasks
	number         uint64
	name           string
}

// Scheduler returns the loop that the task runs on.
func (c *Coro) Scheduler() Scheduler { return c.sched }

// Task returns the task.
func (c *Coro) Task() AnyTask { return c.task }

// step runs the task until it suspends or ends. The coroutine is made here and
// not by Create, because the runtime demands the thread-lock state of its maker
// at every switch.
//
// A runtime.Goexit in the task goes on in next, on the loop's goroutine: nothing
// may come after next.
func (c *Coro) step() {
	if c.status != queued {
		return
	}
	if c.next == nil {
		if c.mustCancel {
			c.task.refuse(ErrCancelled)
			return
		}
		c.next, _ = iter.Pull(c.main)
	}
	c.status = running
	c.next()
}

// main is the coroutine.
func (c *Coro) main(yield func(struct{}) bool) {
	c.yield = yield
	c.tasks.lend(c)
	defer c.tasks.giveBack()
	c.task.run()
}

// finished takes a task that is over out of its loop.
func (c *Coro) finished() {
	c.status = over
	c.next, c.yield, c.resume, c.waker = nil, nil, nil, nil
	c.tasks.remove(c)
}
