package memory

import (
	"sync"
	"sync/atomic"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// outside is what a host has to do with other goroutines, real or pretended.
type outside struct {
	mu     sync.Mutex // of posted and closed: Post is for any goroutine
	posted []func()
	closed bool
	jobs   []func()
	away   atomic.Bool
}

func (o *outside) post(fn func()) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return future.ErrLoopClosed
	}
	o.posted = append(o.posted, fn)
	return nil
}

// drain hands over what was posted, in order.
func (o *outside) drain() []func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	posted := o.posted
	o.posted = nil
	return posted
}

func (o *outside) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.posted, o.jobs = true, nil, nil
}

func (o *outside) run(fn func()) {
	o.away.Store(true)
	defer o.away.Store(false)
	fn()
}

// work runs the executor's jobs and reports whether there were any.
func (o *outside) work() bool {
	jobs := o.jobs
	o.jobs = nil
	for _, job := range jobs {
		o.run(job)
	}
	return len(jobs) > 0
}
