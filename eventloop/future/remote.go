package future

import "sync/atomic"

// A remote waits for a future from somewhere else than the future's loop: from
// a goroutine or from a task of another loop. It is released by the future's end
// or by its loop's Close.
type remote struct {
	node   // belongs to the goroutine of the future's loop
	future *core
	over   atomic.Bool
	notify func() // called at most once, on any goroutine
}

func newRemote(f *core, notify func()) *remote {
	r := &remote{future: f, notify: notify}
	r.waiter = r
	return r
}

// arm registers the wait. After an error nothing is registered. The future may
// become done, and its loop stop, before the loop gets to register: whoever
// comes later, this or Leave, sees the other and ends the wait.
func (r *remote) arm() error {
	t := r.future.sched.Tasks()
	if err := t.admit(r); err != nil {
		return err
	}
	if err := r.future.sched.Post(r.register); err != nil {
		t.forget(r)
		return err
	}
	if r.future.Done() {
		r.settled()
	}
	return nil
}

func (r *remote) register() {
	switch {
	case r.over.Load():
	case r.future.Done():
		r.settled()
	default:
		r.future.link(&r.node)
	}
}

// settled wakes the waiter directly and not through the loop: it is elsewhere,
// and the future's loop may stop before its next iteration.
func (r *remote) settled() {
	if r.over.CompareAndSwap(false, true) {
		r.future.sched.Tasks().forget(r)
		r.notify()
	}
}

// abandon ends the wait from the waiter's side. Post keeps the order, so that
// this never overtakes register.
func (r *remote) abandon(cancel bool) {
	r.over.Store(true)
	r.future.sched.Tasks().forget(r)
	_ = r.future.sched.Post(func() {
		r.detach()
		if cancel {
			r.future.abandon()
		}
	})
}

// leave is how a wait ends whose context ended. It looks once: a result that comes
// after that is nobody's here.
func (r *remote) leave(cause error) error {
	late := !r.future.Done()
	r.abandon(late)
	if late {
		return cause
	}
	return r.future.verdict(cause)
}
