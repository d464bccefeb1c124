package future

// Who a delivered value belongs to.
const (
	unclaimed uint32 = iota
	claimed
	disposed
)

// Deliver is SetResult for a value that somebody has to own, such as a connection.
// It is disposed of, on the loop's goroutine, if it finds no owner: at once if the
// future is done, and then Deliver reports false; later by Abandon. Result gives
// the value an owner.
func (f *Future[T]) Deliver(v T, dispose func()) bool {
	if f.Done() {
		dispose()
		return false
	}
	f.dispose = dispose
	return f.SetResult(v)
}

// Abandon is for those who will not look at the future again. It has the loop
// cancel it, or, if that comes too late, dispose of a value that Deliver gave and
// nobody has had: then the future is Cancelled after all. An Await that leaves
// because its context has ended does the same. Any goroutine.
func (f *Future[T]) Abandon() { f.leave() }

func (f *core) leave() { _ = f.sched.Post(f.abandon) }

// abandon decides once: whoever asks for the value next gets it, or an error.
func (f *core) abandon() {
	if !f.cancel() && f.dispose != nil && f.claim.CompareAndSwap(unclaimed, disposed) {
		f.dispose()
	}
}

// isDisposed reports whether there was a value, and nobody to have it.
func (f *core) isDisposed() bool { return f.claim.Load() == disposed }

// own claims the value for the caller.
func (f *core) own() error {
	if f.dispose != nil && !f.claim.CompareAndSwap(unclaimed, claimed) && f.isDisposed() {
		return ErrCancelled
	}
	return nil
}
