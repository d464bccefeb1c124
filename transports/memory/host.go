package memory

import (
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports"
)

// firstFD is where descriptor numbers begin, downwards.
const firstFD = -1000

// epoch is where every Host's clock starts.
var epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// A Host is a transports.Host that does nothing by itself.
type Host struct {
	driver    driver
	buffers   transports.Buffers
	ready     []func()
	flushes   []transports.Flusher
	timers    []*timer
	now       time.Time
	outside   outside
	ends      map[int]*End
	ports     map[int]*Port
	nextFD    int
	debug     bool
	closed    bool
	stepping  bool
	iteration int
	failures  []transports.Failure
	warnings  []Warning
}

var _ transports.Host = (*Host)(nil)

// driver is a Driver that a Host can poll.
type driver interface {
	transports.Driver
	// poll makes the kernel's side go on and queues callbacks; it reports
	// whether anything happened.
	poll() bool
}

// A Warning is what a transport logged.
type Warning struct {
	Message string
	Args    []any
}

// NewReadiness returns a host whose driver tries and waits for readiness.
func NewReadiness() (*Host, *Readiness) {
	h := newHost()
	d := &Readiness{table: table{host: h}}
	h.driver = d
	return h, d
}

// NewCompletion returns a host whose driver submits and is told.
func NewCompletion() (*Host, *Completion) {
	h := newHost()
	d := &Completion{table: table{host: h}}
	h.driver = d
	return h, d
}

func newHost() *Host {
	return &Host{now: epoch, ends: map[int]*End{}, ports: map[int]*Port{}, nextFD: firstFD}
}

// Pair returns the two ends of a new connection, of which each direction holds
// capacity bytes, DefaultCapacity if that is zero.
func (h *Host) Pair(capacity int) (a, b *End) {
	if capacity == 0 {
		capacity = DefaultCapacity
	}
	there, back := &wire{capacity: capacity}, &wire{capacity: capacity}
	a = &End{fd: h.number(), in: back, out: there}
	b = &End{fd: h.number(), in: there, out: back}
	a.far, b.far = b, a
	h.ends[a.fd], h.ends[b.fd] = a, b
	return a, b
}

func (h *Host) number() int {
	h.nextFD--
	return h.nextFD
}

// SetDebug switches debug mode.
func (h *Host) SetDebug(on bool) { h.debug = on }

// Failures returns what was reported to the exception handler so far.
func (h *Host) Failures() []transports.Failure { return h.failures }

// Warnings returns what was logged so far.
func (h *Host) Warnings() []Warning { return h.warnings }

// Close makes the host refuse and drop callbacks, as a closed loop does. What is
// queued never runs. Descriptors stay as they are.
func (h *Host) Close() {
	h.closed = true
	h.ready, h.timers = nil, nil
	h.outside.close()
}

// Now implements transports.Host.
func (h *Host) Now() time.Time { return h.now }

// CallSoon implements transports.Host.
func (h *Host) CallSoon(fn func()) {
	if !h.closed {
		h.ready = append(h.ready, fn)
	}
}

// Post implements transports.Host. Any goroutine may call it.
func (h *Host) Post(fn func()) error { return h.outside.post(fn) }

// OnLoop implements transports.Host: true, except during Elsewhere and in what
// Execute runs. It knows no goroutines, so it is no protection against them.
func (h *Host) OnLoop() bool { return !h.outside.away.Load() }

// Elsewhere runs fn as if another goroutine did.
func (h *Host) Elsewhere(fn func()) { h.outside.run(fn) }

// RequestFlush implements transports.Host.
func (h *Host) RequestFlush(f transports.Flusher) { h.flushes = append(h.flushes, f) }

// Execute implements transports.Host: fn runs after the batch of the iteration,
// as if elsewhere, and must not wait for the loop.
func (h *Host) Execute(fn func()) error {
	if h.closed {
		return future.ErrLoopClosed
	}
	h.outside.jobs = append(h.outside.jobs, fn)
	return nil
}

// Driver implements transports.Host.
func (h *Host) Driver() transports.Driver { return h.driver }

// Buffers implements transports.Host.
func (h *Host) Buffers() *transports.Buffers { return &h.buffers }

// Report implements transports.Host.
func (h *Host) Report(f transports.Failure) { h.failures = append(h.failures, f) }

// Warn implements transports.Host.
func (h *Host) Warn(message string, args ...any) {
	h.warnings = append(h.warnings, Warning{Message: message, Args: args})
}

// Debug implements transports.Host.
func (h *Host) Debug() bool { return h.debug }
