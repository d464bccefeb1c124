package future

// callback is a waiter that runs a function of the user's through the loop.
type callback struct {
	node
	sched Scheduler
	fn    func() // nil once it ran or was removed
}

// whenDone arranges for fn to be called, through the loop, when f is done.
func (f *core) whenDone(fn func()) (remove func() bool) {
	cb := &callback{sched: f.sched, fn: fn}
	cb.waiter = cb
	if f.Done() {
		cb.settled()
	} else {
		f.link(&cb.node)
	}
	return cb.remove
}

// settled ignores the error of Post: a closed loop calls nobody.
func (cb *callback) settled() { _ = cb.sched.Post(cb.run) }

func (cb *callback) run() {
	if fn := cb.fn; fn != nil {
		cb.fn = nil
		fn()
	}
}

// remove also takes back a callback that is queued already.
func (cb *callback) remove() bool {
	if cb.fn == nil {
		return false
	}
	cb.fn = nil
	cb.detach()
	return true
}
