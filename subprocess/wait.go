package subprocess

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// Wait implements protocols.SubprocessTransport. Each caller waits for a future
// of its own, so that the end of one wait is nobody else's.
func (t *Transport) Wait(ctx context.Context) (returnCode int, err error) {
	if t.exit.Done() {
		return t.exit.Result()
	}
	return submit(t.host, func(waiter *future.Future[int]) {
		remove := t.exit.AddDoneCallback(func(exit *future.Future[int]) {
			code, _ := exit.Result()
			waiter.SetResult(code)
		})
		waiter.OnCancel(func() { remove() })
	}).Await(ctx)
}

// submit begins an operation on the loop's goroutine, from any goroutine. One
// that was cancelled before its turn does not begin: that is what the second
// turn is for.
func submit[T any](host Host, begin func(*future.Future[T])) *future.Future[T] {
	s := host.Scheduler()
	f := future.New[T](s)
	if s.Tasks().OnLoop() {
		begin(f)
		return f
	}
	err := s.Post(func() {
		host.CallSoon(func() {
			if !f.Done() {
				begin(f)
			}
		})
	})
	if err != nil {
		return future.Failed[T](s, err)
	}
	return f
}
