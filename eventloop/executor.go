package eventloop

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// An Executor runs functions that may block, outside the loop. Its methods may
// be called from any goroutine.
type Executor interface {
	// Execute runs fn on another goroutine, soon. It never blocks. An error
	// means that fn will not run.
	Execute(fn func()) error

	// Shutdown refuses functions from now on and waits for those that were
	// accepted; Abandon refuses them and does not wait.
	Shutdown()
	Abandon()
}

// PoolExecutor runs up to Workers functions at once and queues the rest, without
// limit. An idle pool has no goroutines. The zero value is ready.
type PoolExecutor struct {
	// Workers is how many functions run at once. Zero or negative means four
	// more than there are processors, 32 at most.
	Workers int

	mu      sync.Mutex
	queue   []func()
	workers int
	closed  bool
	busy    sync.WaitGroup
}

var _ Executor = (*PoolExecutor)(nil)

// Execute implements Executor. After Shutdown or Abandon it returns
// ErrInvalidState.
func (e *PoolExecutor) Execute(fn func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return fmt.Errorf("%w: the executor is shut down", ErrInvalidState)
	}
	e.queue = append(e.queue, fn)
	if e.workers < e.limit() {
		e.workers++
		e.busy.Add(1)
		go e.work()
	}
	return nil
}

func (e *PoolExecutor) limit() int {
	if e.Workers > 0 {
		return e.Workers
	}
	return min(32, runtime.GOMAXPROCS(0)+4)
}

// work runs functions until there are none. One that calls runtime.Goexit takes
// this goroutine with it, and another takes its place.
func (e *PoolExecutor) work() {
	finished := false
	defer func() {
		if !finished {
			e.busy.Add(1)
			go e.work()
		}
		e.busy.Done()
	}()
	for fn := e.next(); fn != nil; fn = e.next() {
		fn()
	}
	finished = true
}

// next is a worker's next function; nil sends it home.
func (e *PoolExecutor) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.workers--
		return nil
	}
	fn := e.queue[0]
	e.queue[0] = nil
	e.queue = e.queue[1:]
	return fn
}

// Shutdown implements Executor.
func (e *PoolExecutor) Shutdown() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.busy.Wait()
}

// Abandon implements Executor. What is queued still runs.
func (e *PoolExecutor) Abandon() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
}

// executorSlot is a loop's default executor, made on first use.
type executorSlot struct {
	mu   sync.Mutex
	e    Executor
	shut bool
}

func (s *executorSlot) get() (Executor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return nil, fmt.Errorf("%w: the default executor is shut down", ErrInvalidState)
	}
	if s.e == nil {
		s.e = &PoolExecutor{}
	}
	return s.e, nil
}

// close refuses everything from now on and returns what there was.
func (s *executorSlot) close() Executor {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	return s.e
}

func (s *executorSlot) abandon() {
	if e := s.close(); e != nil {
		e.Abandon()
	}
}

// execute runs fn on the default executor.
func (l *Loop) execute(fn func()) error {
	if l.phase.Load() == closed {
		return ErrLoopClosed
	}
	e, err := l.executor.get()
	if err != nil {
		return err
	}
	return e.Execute(fn)
}

// SetDefaultExecutor replaces the executor of RunInExecutor and of name
// resolution. The old one is neither shut down nor waited for. A nil e panics.
// Any goroutine.
func (l *Loop) SetDefaultExecutor(e Executor) {
	if e == nil {
		panic("SetDefaultExecutor of nil")
	}
	l.executor.mu.Lock()
	defer l.executor.mu.Unlock()
	l.executor.e = e
}

// ShutdownDefaultExecutor refuses further work and is done when what was
// accepted has run. The loop goes on meanwhile. Any goroutine.
func (l *Loop) ShutdownDefaultExecutor() *Future[struct{}] {
	e := l.executor.close()
	if e == nil {
		return resolved(l, struct{}{})
	}
	f := NewFuture[struct{}](l)
	go func() {
		e.Shutdown()
		_ = l.Post(func() { f.SetResult(struct{}{}) })
	}()
	return f
}

// RunInExecutor runs fn, which may block, on the default executor; its result
// comes back on the loop. A panic becomes a *PanicError. Cancelling the future
// does not stop a function that runs. Any goroutine. Errors: ErrLoopClosed, and
// ErrInvalidState after ShutdownDefaultExecutor.
func RunInExecutor[T any](l *Loop, fn func() (T, error)) *Future[T] {
	if fn == nil {
		return failed[T](l, fmt.Errorf("%w given to RunInExecutor", errNilCallback))
	}
	f := NewFuture[T](l)
	err := l.execute(func() {
		var v T
		err := ErrGoexit
		// On a closed loop nobody waits.
		defer func() { _ = l.Post(func() { settle(f, v, err) }) }()
		v, err = protect(fn)
	})
	if err != nil {
		return failed[T](l, err)
	}
	return f
}

// protect calls fn and turns a panic into an error.
func protect[T any](fn func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = future.NewPanicError(p)
		}
	}()
	return fn()
}
