package future

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/tidemill-go/tidemill/eventloop/internal/goroutine"
)

// Tasks is what one loop keeps for its tasks: which goroutine executes for the
// loop, which task that is, which tasks live, and whose errors nobody has read.
type Tasks struct {
	// g is the goroutine that executes for the loop at the moment, zero if the
	// loop does not run. A coroutine puts itself there and takes itself out again
	// before it suspends or ends: the runtime would give a dead one's name to a
	// stranger.
	g       atomic.Uintptr
	base    uintptr // the loop's own goroutine
	current *Coro   // the task that executes; belongs to g
	running func() *Tasks

	closeErr error // set once, under mu, by the loop's goroutine
	refusals int

	mu             sync.Mutex
	oldest, newest *Coro
	created        uint64
	unread         map[*failure]struct{}
	failures       uint64
	remotes        map[*remote]struct{}
	closings       map[*closing]struct{}
}

// NewTasks returns the tasks of a new loop. Running, which may be nil, finds the
// loop that the calling goroutine executes for among all loops, or returns nil:
// with it a task may await another loop's future with a context that does not
// derive from its own, and a callback that does so gets ErrAwaitOnLoop.
func NewTasks(running func() *Tasks) *Tasks {
	return &Tasks{running: running}
}

// Enter makes the calling goroutine the loop's own. Leave must follow on the
// same goroutine before it ends; deferred, because callbacks may call
// runtime.Goexit.
func (t *Tasks) Enter() {
	t.base = goroutine.Current()
	t.g.Store(t.base)
}

// Leave takes back Enter. Waits from outside whose future is done end, also those
// that the loop had no more turn to register.
func (t *Tasks) Leave() {
	t.g.Store(0)
	t.base = 0
	t.mu.Lock()
	remotes := maps.Clone(t.remotes)
	t.mu.Unlock()
	for r := range remotes {
		if r.future.Done() {
			r.settled()
		}
	}
}

// OnLoop reports whether the caller executes for the loop: as its own goroutine
// or as one of its tasks. It takes a few nanoseconds and may be called from
// anywhere.
func (t *Tasks) OnLoop() bool { return t.g.Load() == goroutine.Current() }

// Current returns the task that is calling, or nil if no task of this loop is.
func (t *Tasks) Current() *Coro {
	if !t.OnLoop() {
		return nil
	}
	return t.current
}

// All returns the tasks that are not over, oldest first. It may be called from
// any goroutine.
func (t *Tasks) All() []AnyTask {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []AnyTask
	for c := t.oldest; c != nil; c = c.younger {
		all = append(all, c.task)
	}
	return all
}

// lend makes the calling coroutine the one that executes for the loop.
func (t *Tasks) lend(c *Coro) {
	t.current = c
	t.g.Store(goroutine.Current())
}

// giveBack undoes lend.
func (t *Tasks) giveBack() {
	t.current = nil
	t.g.Store(t.base)
}

// calling returns the tasks of the loop that the caller executes for, nil if it
// is an ordinary goroutine.
func (t *Tasks) calling(ctx context.Context) *Tasks {
	if t.OnLoop() {
		return t
	}
	if c := FromContext(ctx); c != nil && c.tasks.OnLoop() {
		return c.tasks
	}
	if t.running != nil {
		return t.running()
	}
	return nil
}

// add enters a new task. It returns the loop's error if the loop is closed.
func (t *Tasks) add(c *Coro) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.created++
	c.number = t.created
	if t.closeErr != nil {
		return t.closeErr
	}
	c.older = t.newest
	if t.newest == nil {
		t.oldest = c
	} else {
		t.newest.younger = c
	}
	t.newest = c
	return nil
}

// remove takes a task out that add has entered; others it leaves alone.
func (t *Tasks) remove(c *Coro) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.older == nil && t.oldest != c {
		return
	}
	if c.older == nil {
		t.oldest = c.younger
	} else {
		c.older.younger = c.younger
	}
	if c.younger == nil {
		t.newest = c.older
	} else {
		c.younger.older = c.older
	}
	c.older, c.younger = nil, nil
}

// admit enters a wait from outside the loop.
func (t *Tasks) admit(r *remote) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closeErr != nil {
		return t.closeErr
	}
	if t.remotes == nil {
		t.remotes = make(map[*remote]struct{})
	}
	t.remotes[r] = struct{}{}
	return nil
}

func (t *Tasks) forget(r *remote) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.remotes, r)
}

// closed returns the error of CloseAll, nil before.
func (t *Tasks) closed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closeErr
}
