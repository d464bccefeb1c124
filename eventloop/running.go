package eventloop

import (
	"sync"
	"sync/atomic"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// loops are the loops that run now. It is read by whoever asks for the running
// loop, so it is replaced, never changed; the lock is for those who replace it.
var loops runningLoops

type runningLoops struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*Loop]
}

func (r *runningLoops) all() []*Loop {
	if list := r.list.Load(); list != nil {
		return *list
	}
	return nil
}

func (r *runningLoops) add(l *Loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.all()
	list := append(make([]*Loop, 0, len(old)+1), old...)
	list = append(list, l)
	r.list.Store(&list)
}

func (r *runningLoops) remove(l *Loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Loop, 0, len(r.all()))
	for _, other := range r.all() {
		if other != l {
			list = append(list, other)
		}
	}
	r.list.Store(&list)
}

// Running returns the loop that calls the caller: it works inside callbacks and
// inside tasks, and returns ErrNoRunningLoop everywhere else. It asks each
// running loop whether the calling goroutine is its own, which costs a few
// nanoseconds for each.
func Running() (*Loop, error) {
	for _, l := range loops.all() {
		if l.tasks.OnLoop() {
			return l, nil
		}
	}
	return nil, ErrNoRunningLoop
}

// runningTasks is Running for package future; nil where Running has an error.
func runningTasks() *future.Tasks {
	if l, err := Running(); err == nil {
		return l.tasks
	}
	return nil
}
