package future

// Shield returns a future that ends as f does, but whose cancellation does not
// reach f: to stop waiting for something that is to go on.
//
//	v, err := future.Shield(save).Await(ctx) // a cancelled wait leaves save alone
//
// If f fails after that, nobody may be left to see it: the error of a future is
// reported to the loop's exception handler, that of a task when nobody has read
// it in the end (see [Create]). If f is cancelled, so is the future. Any goroutine
// may call Shield.
func Shield[T any](f Awaitable[T]) *Future[T] {
	s := f.Scheduler()
	out := New[T](s)
	if f.Done() {
		follow(out, f)
		return out
	}
	err := onLoop(s, func() {
		f.WhenDone(func() { follow(out, f) })
	})
	if err != nil {
		out.SetError(err)
	}
	return out
}

// follow ends out as f has ended.
func follow[T any](out *Future[T], f Awaitable[T]) {
	if out.Done() {
		abandoned(f)
		return
	}
	switch v, err := f.Result(); {
	case f.Cancelled():
		out.publish(revoked, err)
	case err != nil:
		out.SetError(err)
	default:
		out.SetResult(v)
	}
}

// abandoned reports the error of a future that was waited for in vain. A task
// keeps its own account of who has read its error.
func abandoned(f Any) {
	if _, task := f.(AnyTask); !task && broken(f) {
		f.Scheduler().Report("a shielded future failed after its shield was cancelled", f.Err(), nil)
	}
}
