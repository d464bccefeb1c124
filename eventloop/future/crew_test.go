package future_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

type none = struct{}

// spawn makes a task without a result.
func spawn(l *loop, fn func(ctx context.Context) error) *future.Task[none] {
	return future.Create(l, func(ctx context.Context) (none, error) { return none{}, fn(ctx) })
}

// receive is a receive that does not last for ever.
func receive[T any](from <-chan T) (v T) {
	GinkgoHelper()
	select {
	case v = <-from:
	case <-time.After(patient):
		Fail("nothing is sent")
	}
	return v
}

// complaints takes the errors that were reported.
func (l *loop) complaints() (errs []error) {
	for _, r := range l.taken() {
		errs = append(errs, r.err)
	}
	return errs
}
