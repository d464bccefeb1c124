package future

import (
	"context"
	"fmt"
)

// member is a task of a group that is not over.
type member struct {
	node
	older, younger *member
	group          *TaskGroup
	coro           *Coro
	future         *core
	read           func()
}

// Go starts a task in the group; see GroupTask.
func (g *TaskGroup) Go(fn func(ctx context.Context) error) *Task[struct{}] {
	if fn == nil {
		panic("future: Go needs a function")
	}
	return GroupTask(g, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) })
}

// GroupTask starts a task in the group, whose context has the values of the
// context that the group's body was given. That the task's error is the group's
// counts as reading it.
//
// A group takes no task any more when it was cancelled or a task has failed, also
// for the tasks that clean up, and when RunTaskGroup has returned: then fn is not
// called and the task has failed with ErrInvalidState, as it has off the loop's
// goroutine. A nil fn panics.
func GroupTask[T any](g *TaskGroup, fn func(ctx context.Context) (T, error)) *Task[T] {
	if err := g.refusal(); err != nil {
		t := newTask(g.sched, nil, fn)
		_ = t.c.tasks.add(&t.c) // it has a number, like any task
		t.refuse(err)
		return t
	}
	t := CreateWith(g.sched, g.scope, fn)
	if !t.Done() {
		g.enter(&member{group: g, coro: &t.c, future: &t.f.core, read: t.read})
	}
	return t
}

func (g *TaskGroup) refusal() error {
	switch {
	case !g.sched.Tasks().OnLoop():
		return fmt.Errorf("%w: a task group belongs to its loop's goroutine", ErrInvalidState)
	case g.closed:
		return fmt.Errorf("%w: the task group is ending or over", ErrInvalidState)
	}
	return nil
}

// settled notes how the task ended. The others are cancelled in a turn of their
// own: that may run functions of users, which a waiter must not.
func (m *member) settled() {
	g := m.group
	g.remove(m)
	if m.future.broken() {
		m.read()
		err := m.future.err
		g.errs = append(g.errs, err)
		g.closed = true
		_ = g.sched.Post(func() { g.abort(&groupEnd{err}) })
	}
	if g.oldest == nil && g.draining {
		g.coro.Wake()
	}
}

func (g *TaskGroup) enter(m *member) {
	m.waiter = m
	m.future.link(&m.node)
	m.older = g.newest
	if g.newest == nil {
		g.oldest = m
	} else {
		g.newest.younger = m
	}
	g.newest = m
}

func (g *TaskGroup) remove(m *member) {
	if m.older == nil {
		g.oldest = m.younger
	} else {
		m.older.younger = m.younger
	}
	if m.younger == nil {
		g.newest = m.older
	} else {
		m.younger.older = m.older
	}
}

// disown leaves the members to themselves and their errors to whoever reads them.
func (g *TaskGroup) disown() {
	g.closed = true
	for m := g.oldest; m != nil; m = m.younger {
		m.detach()
	}
	g.oldest, g.newest = nil, nil
}
