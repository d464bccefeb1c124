package future

// An Outcome is how one of several futures ended.
type Outcome[T any] struct {
	Value T
	Err   error
}

// Gather returns a future of the results of fs, in the order of fs whatever the
// order in which they come. If one of them fails or is cancelled, the future
// fails with that error at once; the others go on, and an error that comes later
// is left to whoever reads that task. Without any fs there is an empty result,
// and one that is given twice gives its result in both places.
//
// Cancelling the future cancels those of fs that are not over, and it is over
// when all of them are: with ErrCancelled also if some survived, or with the
// first error that is no cancellation. OnCancel does nothing to it.
//
// All must be of the loop s, else the future has failed with ErrInvalidState,
// and s not closed. Any goroutine may call it.
func Gather[T any](s Scheduler, fs ...Awaitable[T]) *Future[[]T] {
	return gather(s, fs, func(out *Future[[]T], g *gathering[T]) {
		results := make([]T, len(fs))
		for i, f := range fs {
			results[i], _ = f.Result()
		}
		out.SetResult(results)
	}, func(out *Future[[]T], g *gathering[T], f Any) {
		if out.Done() || !broken(f) && (g.asked || !f.Cancelled()) {
			return
		}
		out.SetError(f.Err())
	})
}

// GatherSettled is Gather that waits for every one of fs, and has their errors
// as results. It fails only by being cancelled.
func GatherSettled[T any](s Scheduler, fs ...Awaitable[T]) *Future[[]Outcome[T]] {
	return gather(s, fs, func(out *Future[[]Outcome[T]], g *gathering[T]) {
		results := make([]Outcome[T], len(fs))
		for i, f := range fs {
			results[i].Value, results[i].Err = f.Result()
		}
		out.SetResult(results)
	}, nil)
}

// gathering is what a future of Gather waits for.
type gathering[T any] struct {
	parts []Awaitable[T]
	left  int
	asked bool // to cancel
}

// gather makes a future that complete settles when all of fs are over; ended,
// which may be nil, hears of each before.
func gather[T, R any](s Scheduler, fs []Awaitable[T], complete func(*Future[R], *gathering[T]), ended func(*Future[R], *gathering[T], Any)) *Future[R] {
	out := New[R](s)
	g := &gathering[T]{parts: fs}
	if err := sameLoop(s, g.parts); err != nil {
		out.SetError(err)
		return out
	}
	g.left = len(g.parts)
	if g.left == 0 {
		complete(out, g)
		return out
	}
	out.relays = true
	out.onCancel = func() {
		if !g.cancel() {
			out.publish(revoked, ErrCancelled)
		}
	}
	part := func(f Any) {
		g.left--
		if ended != nil {
			ended(out, g, f)
		}
		switch {
		case g.left > 0 || out.Done():
		case g.asked:
			out.publish(revoked, ErrCancelled)
		default:
			complete(out, g)
		}
	}
	err := onLoop(s, func() {
		for _, f := range g.parts {
			f.WhenDone(func() { part(f) })
		}
	})
	if err != nil {
		out.SetError(err)
	}
	return out
}

// cancel reports whether there was something left to cancel.
func (g *gathering[T]) cancel() (took bool) {
	g.asked = true
	for _, f := range g.parts {
		if f.Cancel() {
			took = true
		}
	}
	return took
}
