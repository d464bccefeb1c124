package eventloop

import (
	"sync/atomic"
	"time"
)

// A Handle stands for a scheduled callback. It is a value: keep it and call its
// methods through the variable it is kept in. It belongs to the loop's
// goroutine. The zero Handle stands for nothing and cancels nothing.
type Handle struct {
	loop      *Loop
	position  uint64
	call      *call // of CallSoonThreadsafe
	cancelled bool
}

// Cancel keeps the callback from running and lets go of it at once, also if it
// is queued behind the caller in the same batch. It reports whether it was in
// time; cancelling again, or what has already run, is no error.
func (h *Handle) Cancel() bool {
	if h.loop == nil || h.cancelled {
		return false
	}
	h.cancelled = true
	if h.call != nil {
		return h.call.cancel()
	}
	return h.loop.ready.cancel(h.position)
}

// Cancelled reports whether Cancel was called on this handle or, as long as the
// callback is queued, on a copy of it.
func (h *Handle) Cancelled() bool {
	switch {
	case h.loop == nil:
		return false
	case h.call != nil:
		return h.cancelled || h.call.isCancelled()
	}
	return h.cancelled || h.loop.ready.isCancelled(h.position)
}

// A TimerHandle stands for a callback that runs at a time. What is said of
// Handle holds for it.
type TimerHandle struct {
	loop             *Loop
	when             int64
	slot, generation uint32
	cancelled        bool
}

// Cancel is Handle.Cancel. The timer is removed at once.
func (h *TimerHandle) Cancel() bool {
	if h.loop == nil || h.cancelled {
		return false
	}
	h.cancelled = true
	timers := &h.loop.timers
	s := timers.at(h.slot, h.generation)
	if s == nil {
		return false
	}
	if s.index == inQueue {
		return h.loop.ready.cancel(s.position)
	}
	timers.remove(int(s.index))
	timers.release(h.slot)
	return true
}

// Cancelled is Handle.Cancelled.
func (h *TimerHandle) Cancelled() bool {
	if h.loop == nil || h.cancelled {
		return h.cancelled
	}
	s := h.loop.timers.at(h.slot, h.generation)
	return s != nil && s.index == inQueue && h.loop.ready.isCancelled(s.position)
}

// When returns the deadline in the loop's clock; the zero time for the zero
// handle.
func (h *TimerHandle) When() time.Time {
	if h.loop == nil {
		return time.Time{}
	}
	return h.loop.base.Add(time.Duration(h.when))
}

// call is a callback that came from another goroutine with a handle. The state
// decides a race between Cancel and the run.
type call struct {
	fn    func()
	state atomic.Uint32
}

const (
	callQueued uint32 = iota
	callRun
	callCancelled
)

// cancel lets go of the callback at once (contract A6); dispatch and describe
// look at it only if they find the call not cancelled.
func (c *call) cancel() bool {
	if !c.state.CompareAndSwap(callQueued, callCancelled) {
		return false
	}
	c.fn = nil
	return true
}

func (c *call) isCancelled() bool { return c.state.Load() == callCancelled }

func (c *call) dispatch(_, _ uint64) {
	if c.state.CompareAndSwap(callQueued, callRun) {
		c.fn()
	}
}

func (c *call) describe(_, _ uint64) string {
	if c.isCancelled() {
		return "cancelled"
	}
	return funcName(c.fn)
}
