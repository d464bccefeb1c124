package eventloop

import (
	"context"
	"sync"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// timeoutClock is what ends a TimeoutScope.
type timeoutClock interface {
	now() time.Time
	arm(when time.Time, err error) // instead of what was armed before
	disarm()
	cause() error // why the scope has ended, nil if it has not
	close()
	requested() bool // the task was asked to cancel meanwhile
}

// loopTimeout is a timer of the loop and a scope of the task.
type loopTimeout struct {
	loop  *Loop
	scope *future.CancelScope
	timer TimerHandle
}

func (t *loopTimeout) now() time.Time { return t.loop.Now() }

func (t *loopTimeout) arm(when time.Time, err error) {
	t.disarm()
	if !when.After(t.now()) {
		t.scope.End(err)
		return
	}
	t.timer = t.loop.CallAt(when, func() { t.scope.End(err) })
}

func (t *loopTimeout) disarm() { t.timer.Cancel() }

func (t *loopTimeout) cause() error { return t.scope.Cause() }

func (t *loopTimeout) requested() bool { return t.scope.Requested() }

// close may be called from any goroutine, as every context's cancel function.
func (t *loopTimeout) close() {
	if !t.loop.tasks.OnLoop() {
		_ = t.loop.Post(t.release)
		return
	}
	t.release()
}

func (t *loopTimeout) release() {
	t.disarm()
	t.scope.Close()
}

// systemTimeout is a timer of the runtime and an ordinary context.
type systemTimeout struct {
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer // nil: none was armed
}

func newSystemTimeout(ctx context.Context) *systemTimeout {
	t := &systemTimeout{}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	return t
}

func (t *systemTimeout) now() time.Time { return time.Now() }

func (t *systemTimeout) arm(when time.Time, err error) {
	t.disarm()
	d := time.Until(when)
	if d <= 0 {
		t.cancel(err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(d, func() { t.cancel(err) })
}

func (t *systemTimeout) disarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
	}
}

func (t *systemTimeout) cause() error { return context.Cause(t.ctx) }

func (t *systemTimeout) requested() bool { return false }

func (t *systemTimeout) close() {
	t.disarm()
	t.cancel(context.Canceled)
}
