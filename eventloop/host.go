package eventloop

import (
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports"
)

// host is a Loop as transports see it. Go wants identical signatures, and
// transports need neither handles nor panics for a closed loop.
type host Loop

var _ transports.Host = (*host)(nil)

func (h *host) loop() *Loop { return (*Loop)(h) }

func (h *host) Now() time.Time { return h.clock.Now() }

func (h *host) CallSoon(fn func()) {
	if h.phase.Load() != closed {
		h.loop().pushInOrder(entry{fn: fn})
	}
}

func (h *host) CallLater(d time.Duration, fn func()) (cancel func()) {
	if h.phase.Load() == closed {
		return func() {}
	}
	timer := h.loop().CallLater(d, fn)
	return func() { timer.Cancel() }
}

func (h *host) Post(fn func()) error { return h.loop().Post(fn) }

// OnLoop is true for everybody while the loop does not run.
func (h *host) OnLoop() bool { return h.phase.Load() != active || h.tasks.OnLoop() }

func (h *host) RequestFlush(f transports.Flusher) { h.flushes = append(h.flushes, f) }

func (h *host) Execute(fn func()) error { return h.loop().execute(fn) }

func (h *host) Driver() transports.Driver { return h.driver }

func (h *host) Buffers() *transports.Buffers { return &h.buffers }

func (h *host) Report(f transports.Failure) {
	c := ExceptionContext{Message: f.Message, Err: f.Err, Transport: f.Transport, Protocol: f.Protocol, Socket: f.Socket}
	if f.Callback {
		c.Handle = h.loop().currentHandle()
	}
	h.loop().CallExceptionHandler(c)
}

func (h *host) Warn(message string, args ...any) { h.loop().log().Warn(message, args...) }

func (h *host) Debug() bool { return h.debug.Load() }

func (h *host) WhenClosed(fn func()) (forget func(), err error) { return h.loop().WhenClosed(fn) }

// scheduler is a Loop as futures and tasks see it.
type scheduler Loop

var _ future.Scheduler = (*scheduler)(nil)

func (s *scheduler) Post(fn func()) error { return (*Loop)(s).Post(fn) }

func (s *scheduler) Tasks() *future.Tasks { return s.tasks }

func (s *scheduler) Report(message string, err error, task any) {
	(*Loop)(s).CallExceptionHandler(ExceptionContext{Message: message, Err: err, Task: task})
}
