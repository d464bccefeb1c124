package future_test

import (
	"context"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// patient is how long a spec waits for another goroutine.
const patient = 10 * time.Second

// report is a call of Report.
type report struct {
	message string
	err     error
	task    any
}

// loop is the smallest event loop: a queue, run turn by turn by the spec itself
// or by a goroutine of its own.
type loop struct {
	world *world
	tasks *future.Tasks

	mu      sync.Mutex
	more    sync.Cond
	queue   []func()
	closed  bool
	ending  bool
	reports []report
	goexits int
	stopped chan struct{} // nil: no goroutine runs the loop
}

var _ future.Scheduler = (*loop)(nil)

func (l *loop) Tasks() *future.Tasks { return l.tasks }

func (l *loop) Post(fn func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return future.ErrLoopClosed
	}
	l.queue = append(l.queue, fn)
	l.more.Signal()
	return nil
}

func (l *loop) Report(message string, err error, task any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = append(l.reports, report{message, err, task})
}

// taken returns the reports and forgets them: what is left at a spec's end
// fails it.
func (l *loop) taken() []report {
	l.mu.Lock()
	defer l.mu.Unlock()
	reports := l.reports
	l.reports = nil
	return reports
}

// turn runs what is queued, on the caller's goroutine, and returns how much that
// was.
func (l *loop) turn() int {
	l.mu.Lock()
	batch := l.queue
	l.queue = nil
	l.mu.Unlock()
	l.tasks.Enter()
	defer l.tasks.Leave()
	for _, fn := range batch {
		l.call(fn)
	}
	return len(batch)
}

// idle takes turns until nothing is queued.
func (l *loop) idle() {
	for l.turn() > 0 {
	}
}

// on runs fn as a callback of the loop would run, on the caller's goroutine.
func (l *loop) on(fn func()) {
	l.tasks.Enter()
	defer l.tasks.Leave()
	fn()
}

func (l *loop) call(fn func()) {
	defer func() {
		if v := recover(); v != nil {
			l.Report("a callback panicked", future.NewPanicError(v), nil)
		}
	}()
	fn()
}

// start runs the loop on a goroutine of its own until stop.
func (l *loop) start() {
	l.stopped = make(chan struct{})
	go l.serve()
}

// serve survives a Goexit in a callback on another goroutine, as a loop does.
func (l *loop) serve() {
	returned := false
	l.tasks.Enter()
	defer func() {
		l.tasks.Leave()
		if returned {
			close(l.stopped)
			return
		}
		l.mu.Lock()
		l.goexits++
		l.mu.Unlock()
		go l.serve()
	}()
	for fn := l.pop(); fn != nil; fn = l.pop() {
		l.call(fn)
	}
	returned = true
}

func (l *loop) pop() func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 {
		if l.ending {
			return nil
		}
		l.more.Wait()
	}
	fn := l.queue[0]
	l.queue = l.queue[1:]
	return fn
}

// stop lets what is queued run and ends the loop's goroutine.
func (l *loop) stop() {
	if l.stopped == nil {
		return
	}
	l.mu.Lock()
	l.ending = true
	l.more.Signal()
	l.mu.Unlock()
	finish(l.stopped, "the loop does not stop")
	l.stopped = nil
}

// goexited returns how often a callback has ended the loop's goroutine.
func (l *loop) goexited() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.goexits
}

// close closes the loop as an event loop's Close does: on a goroutine of its
// own, and dropping what is queued.
func (l *loop) close() {
	l.stop()
	l.mu.Lock()
	already := l.closed
	l.closed, l.queue = true, nil
	l.mu.Unlock()
	if already {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.tasks.CloseAll(future.ErrLoopClosed)
	}()
	finish(done, "the loop does not close")
}

// finish waits for done, and fails the spec if that takes for ever.
func finish(done <-chan struct{}, otherwise string) {
	select {
	case <-done:
	case <-time.After(patient):
		Fail(otherwise, 2)
	}
}

// soon is a context for waits of the spec's own goroutine, so that none is for
// ever.
func soon() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	DeferCleanup(cancel)
	return ctx
}

// world knows all loops of a spec, as package eventloop knows the running ones.
type world struct {
	mu    sync.Mutex
	loops []*loop
}

// running is what package eventloop gives to NewTasks.
func (w *world) running() *future.Tasks {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.loops {
		if l.tasks.OnLoop() {
			return l.tasks
		}
	}
	return nil
}

// newLoop returns a loop that is closed at the spec's end, which then fails if
// something was reported that it did not expect.
func (w *world) newLoop() *loop {
	l := &loop{world: w}
	l.more.L = &l.mu
	l.tasks = future.NewTasks(w.running)
	w.mu.Lock()
	w.loops = append(w.loops, l)
	w.mu.Unlock()
	DeferCleanup(func() {
		l.close()
		Expect(l.taken()).To(BeEmpty(), "reported and not expected")
		Expect(l.tasks.All()).To(BeEmpty())
	})
	return l
}

// noLeaks fails the spec if goroutines, coroutines included, outlive it.
func noLeaks() {
	before := gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(before))
	})
}

// log collects what tasks and callbacks did, in order.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (g *log) add(line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, line)
}

func (g *log) all() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.lines...)
}

// outcome is what an Await returned.
type outcome[T any] struct {
	value T
	err   error
}

// got packs two results into one value.
func got[T any](value T, err error) outcome[T] { return outcome[T]{value, err} }

// queued counts what waits for the next turn.
func (l *loop) queued() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// waiters counts the waits from outside the loop.
func (l *loop) waiters() int { return l.tasks.Remotes() }
