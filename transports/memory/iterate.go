package memory

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports"
)

// tooMany is when RunUntilIdle gives up.
const tooMany = 200_000

// timer is one CallLater. Timers are kept in order of deadline, ties in order of
// scheduling.
type timer struct {
	when time.Time
	fn   func()
}

// CallLater implements transports.Host. A negative d counts as zero.
func (h *Host) CallLater(d time.Duration, fn func()) (cancel func()) {
	if h.closed {
		return func() {}
	}
	t := &timer{when: h.now.Add(max(d, 0)), fn: fn}
	i, _ := slices.BinarySearchFunc(h.timers, t.when, func(o *timer, when time.Time) int {
		if o.when.After(when) {
			return 1
		}
		return -1
	})
	h.timers = slices.Insert(h.timers, i, t)
	return func() { t.fn = nil }
}

// Step is one iteration: I/O is queued, then due timers, and then exactly what
// is queued runs, each callback followed by the flushes that it requested. It
// reports whether anything happened.
//
// A callback that panics is recorded as a Failure of a callback, and the rest of
// the batch runs. Called inside a callback, Step panics, and so does everything
// that steps.
func (h *Host) Step() bool {
	if h.stepping {
		panic("memory: Step inside a callback")
	}
	h.stepping = true
	defer func() { h.stepping = false }()
	h.iteration++
	h.ready = append(h.ready, h.outside.drain()...)
	busy := h.driver.poll()
	for len(h.timers) > 0 && !h.timers[0].when.After(h.now) {
		h.CallSoon(h.timers[0].run)
		h.timers = h.timers[1:]
	}
	batch := h.ready
	h.ready = nil
	for _, fn := range batch {
		if h.closed {
			break
		}
		h.run(fn)
	}
	return h.outside.work() || busy || len(batch) > 0
}

// run looks at the timer only now: a callback of the same batch may have
// cancelled it.
func (t *timer) run() {
	if t.fn != nil {
		t.fn()
	}
}

func (h *Host) run(fn func()) {
	defer h.flush()
	defer func() {
		if v := recover(); v != nil {
			h.Report(transports.Failure{Message: "callback panicked", Err: future.NewPanicError(v), Callback: true})
		}
	}()
	fn()
}

func (h *Host) flush() {
	for len(h.flushes) > 0 {
		f := h.flushes[0]
		h.flushes = h.flushes[1:]
		f.Flush()
	}
}

// RunUntilIdle steps until an iteration finds nothing to do. Timers that are not
// due are nothing to do. It panics when that does not happen within 200,000
// iterations.
func (h *Host) RunUntilIdle() {
	for n := 0; h.Step(); n++ {
		if n == tooMany {
			panic(fmt.Sprintf("memory: still busy after %d iterations", n))
		}
	}
}

// Advance lets d pass. On the way it stops at every deadline and runs until
// idle there, and again at the end.
func (h *Host) Advance(d time.Duration) {
	until := h.now.Add(d)
	h.RunUntilIdle()
	for len(h.timers) > 0 && !h.timers[0].when.After(until) {
		h.now = h.timers[0].when
		h.RunUntilIdle()
	}
	h.now = until
	h.RunUntilIdle()
}

// Timers returns how many callbacks wait for their time.
func (h *Host) Timers() int {
	n := 0
	for _, t := range h.timers {
		if t.fn != nil {
			n++
		}
	}
	return n
}

// Iteration returns how many iterations were begun.
func (h *Host) Iteration() int { return h.iteration }

// Do runs each fn as a callback of its own, all in the next iteration, and steps
// until they have run.
func (h *Host) Do(fns ...func()) {
	left := len(fns)
	for _, fn := range fns {
		h.CallSoon(func() {
			left--
			fn()
		})
	}
	for left > 0 && !h.closed {
		h.Step()
	}
}
