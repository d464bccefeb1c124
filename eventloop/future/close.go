package future

import "maps"

// patience is how many waits a closed loop refuses before it ends the task that
// asks by a panic: a task that retries for ever would hang Close.
const patience = 10_000

// CloseAll ends what is left, for a loop that is being closed and does not run:
// every wait of a live task returns err, now and from now on, until the task's
// function returns; a task that never began is settled with err and its function
// not called; waits from other goroutines and loops return err, except where the
// future got a result. Each live task is reported, and then every error of a task
// that nobody has read.
//
// A second CloseAll does nothing. It must be called with the thread locked or
// unlocked as it was when the tasks ran, and not by a task. If a task calls
// runtime.Goexit, CloseAll finishes its work and the calling goroutine ends.
func (t *Tasks) CloseAll(err error) {
	if t.current != nil {
		panic("future: CloseAll was called by a task")
	}
	t.mu.Lock()
	if t.closeErr == nil {
		t.closeErr = err
	}
	t.mu.Unlock()
	defer t.restore(t.g.Load(), t.base)
	t.Enter()
	defer t.reportUnread()
	defer t.release()
	t.unwind()
}

// restore puts back what Enter has overwritten.
func (t *Tasks) restore(g, base uintptr) {
	t.base = base
	t.g.Store(g)
}

// unwind ends the live tasks, oldest first. A Goexit in one of them runs the
// deferred call, which goes on with the others.
func (t *Tasks) unwind() {
	finished := false
	defer func() {
		if !finished {
			t.unwind()
		}
	}()
	for c := t.first(); c != nil; c = t.first() {
		c.unwind(t.closeErr)
	}
	finished = true
}

func (t *Tasks) first() *Coro {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.oldest
}

// unwind runs the task to its end: refused and delivered answer all its waits.
// The report is deferred because the task may call runtime.Goexit.
func (c *Coro) unwind(err error) {
	defer c.sched.Report("the loop was closed while a task was pending", err, c.task)
	if c.next == nil {
		c.task.refuse(err)
		return
	}
	c.detach()
	c.status = queued
	c.step()
}

// refused returns the loop's error if the loop is closed, so that the wait that
// asks does not begin.
func (c *Coro) refused() error {
	t := c.tasks
	if t.closeErr == nil {
		return nil
	}
	if t.refusals++; t.refusals > patience {
		panic("future: a task goes on waiting although its loop is closed")
	}
	return t.closeErr
}

// release ends the waits from outside.
func (t *Tasks) release() {
	t.mu.Lock()
	remotes := maps.Clone(t.remotes)
	t.mu.Unlock()
	for r := range remotes {
		r.settled()
	}
	t.tellClosed()
}
