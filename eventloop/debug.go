package eventloop

import (
	"fmt"
	"reflect"
	"runtime"
	"time"
)

// SetDebug switches debug mode, in which the loop warns about callbacks that
// take as long as SlowCallback or longer, refuses calls from goroutines that do
// not own it, and overwrites the slice that DataReceived was given as soon as it
// returns. It adds checks and changes nothing else.
func (l *Loop) SetDebug(on bool) { l.debug.Store(on) }

// Debug reports whether debug mode is on. Any goroutine.
func (l *Loop) Debug() bool { return l.debug.Load() }

// SetSlowCallback sets from when on debug mode warns about a callback. Zero
// means DefaultSlowCallback, negative means never.
func (l *Loop) SetSlowCallback(d time.Duration) {
	if d == 0 {
		d = DefaultSlowCallback
	}
	l.slow = d
}

// SlowCallback returns from when on debug mode warns about a callback.
func (l *Loop) SlowCallback() time.Duration { return l.slow }

// runTimed times by the system's clock: a fake one stands still in a callback.
func (l *Loop) runTimed() {
	began := time.Now()
	defer func() {
		if took := time.Since(began); l.slow >= 0 && took >= l.slow {
			l.log().Warn("slow callback", "callback", l.current.name(), "took", took)
		}
	}()
	l.run()
}

func (e *entry) name() string {
	if e.src != nil {
		return e.src.describe(e.tag, e.bits)
	}
	return funcName(e.fn)
}

func funcName(fn func()) string {
	if fn == nil {
		return "cancelled"
	}
	return runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
}

// mustBeOnLoop is debug mode's check of who calls. A loop that does not run has
// no goroutine to be on.
func (l *Loop) mustBeOnLoop(method string) {
	if l.phase.Load() == active && !l.tasks.OnLoop() {
		panic(fmt.Errorf("%w: %s from outside the loop's goroutine; use CallSoonThreadsafe", ErrInvalidState, method))
	}
}
