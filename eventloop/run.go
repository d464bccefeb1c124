package eventloop

import (
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// RunForever runs the loop until Stop. It returns nil after a Stop;
// ErrLoopRunning if the loop runs already or the caller is itself called by a
// loop; ErrLoopClosed; ErrGoexit if a callback called runtime.Goexit; or the
// error of the selector. In all cases the loop is usable again, with what was
// left of the batch still queued.
//
// The loop runs on a goroutine of its own, for which the caller waits: so a
// Goexit in a callback (a failed assertion of package testing) ends only that,
// and coroutines never meet a caller that has locked its thread.
func (l *Loop) RunForever() error {
	if err := l.begin(); err != nil {
		return err
	}
	done := make(chan error, 1)
	l.start(func() { l.serve(done) })
	return <-done
}

// begin checks before it touches anything: a refused run must not disturb the
// one that is going on (contract A33).
func (l *Loop) begin() error {
	if other, err := Running(); err == nil && other != l {
		return fmt.Errorf("%w: another loop's callback can not run this one", ErrLoopRunning)
	}
	l.phaseMu.Lock()
	defer l.phaseMu.Unlock()
	switch l.phase.Load() {
	case active:
		return ErrLoopRunning
	case closed:
		return ErrLoopClosed
	}
	l.phase.Store(active)
	return nil
}

func (l *Loop) serve(done chan<- error) {
	err := ErrGoexit // what is left if a callback ends this goroutine
	defer func() {
		l.mailbox.stopping.Store(false)
		loops.remove(l)
		l.tasks.Leave()
		l.phaseMu.Lock()
		l.phase.Store(idle)
		l.phaseMu.Unlock()
		done <- err
	}()
	l.tasks.Enter()
	loops.add(l)
	for {
		if failure := l.iterate(); failure != nil {
			err = failure
			return
		}
		if l.mailbox.stopping.Load() {
			l.driver.rest()
			err = nil
			return
		}
	}
}

// RunUntilComplete runs the loop until f is done and returns its result. If the
// loop is stopped before, it returns ErrInvalidState and f stays usable. The
// other errors are those of RunForever, and ErrInvalidState for a future of
// another loop.
func RunUntilComplete[T any](l *Loop, f Awaitable[T]) (T, error) {
	var zero T
	if f.Scheduler() != future.Scheduler((*scheduler)(l)) {
		return zero, fmt.Errorf("%w: the future belongs to another loop", ErrInvalidState)
	}
	if err := l.begin(); err != nil {
		return zero, err
	}
	remove := f.WhenDone(l.Stop)
	done := make(chan error, 1)
	l.start(func() { l.serve(done) })
	err := <-done
	remove()
	switch {
	case err != nil:
		return zero, err
	case !f.Done():
		return zero, fmt.Errorf("%w: the loop was stopped before the future was done", ErrInvalidState)
	}
	return f.Result()
}

// Close releases everything that the loop holds: it unwinds the tasks that are
// left, whose waits return ErrLoopClosed, and reports them; drops what is
// queued without running it; closes the descriptors of transports and servers
// without a callback; kills the child processes that are left, which their
// watcher reaps; tells the executor to stop without waiting for it. It
// returns ErrLoopRunning, and does nothing, while the loop runs; nil when closed
// already. Any goroutine.
func (l *Loop) Close() error {
	l.phaseMu.Lock()
	switch l.phase.Load() {
	case active:
		l.phaseMu.Unlock()
		return ErrLoopRunning
	case closed:
		l.phaseMu.Unlock()
		return nil
	}
	l.phase.Store(closed)
	atClose := l.atClose
	l.atClose = nil
	l.phaseMu.Unlock()
	// Tasks must be unwound under the thread-lock state in which their
	// coroutines were made, and a Goexit in one of them must end nobody else.
	done := make(chan error, 1)
	l.start(func() { l.tearDown(done) })
	err := <-done
	if l.thread != nil {
		l.thread.end()
	}
	for _, fn := range atClose {
		fn()
	}
	return err
}

func (l *Loop) tearDown(done chan<- error) {
	var err error
	defer func() { done <- err }()
	defer func() {
		l.ready.clear()
		l.timers.clear()
		l.flushes = nil
		l.executor.abandon()
		for s := range l.servers {
			s.drop()
		}
		l.dropChildren()
		l.modes.restoreAll()
		err = l.driver.shut()
		loops.remove(l)
		l.tasks.Leave()
	}()
	if n := len(l.driver.transports()); n > 0 {
		l.log().Warn("the loop is closed with transports that were not", "transports", n)
	}
	l.mailbox.close()
	l.tasks.Enter()
	loops.add(l) // tasks that clean up are to find it closed, not to find none
	l.tasks.CloseAll(ErrLoopClosed)
}
