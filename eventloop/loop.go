package eventloop

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/signals"
	"github.com/tidemill-go/tidemill/subprocess"
	"github.com/tidemill-go/tidemill/transports"
)

// A Loop runs callbacks, watches descriptors and keeps time. It and everything
// made on it belongs to the goroutine that RunForever runs it on. From other
// goroutines: CallSoonThreadsafe, Post, Do, Stop, Now, IsRunning, IsClosed,
// Close, and every method that returns a Future. While the loop is not running
// the goroutine that set it up may use it as its own.
type Loop struct {
	kind   string
	table  platform.Table
	clock  Clock
	base   time.Time // zero of timerHeap's deadlines
	logger *slog.Logger
	linger time.Duration

	mailbox  mailbox
	ready    readyQueue
	timers   timerHeap
	flushes  []transports.Flusher
	current  entry // the callback that runs
	driver   driver
	thread   *ownThread // nil: a goroutine for each run
	buffers  transports.Buffers
	tasks    *future.Tasks
	executor executorSlot
	servers  map[*Server]struct{}
	children map[*subprocess.Transport]struct{}
	modes    fileModes

	signals *signals.Handlers // nil: never asked for
	handler func(*Loop, ExceptionContext)
	debug   atomic.Bool
	slow    time.Duration

	phaseMu sync.Mutex
	phase   atomic.Uint32
	atClose []func()
}

const (
	idle uint32 = iota
	active
	closed
)

func newLoop(kind string, cfg SelectorConfig) *Loop {
	l := &Loop{
		kind:     kind,
		table:    tableFor(kind),
		clock:    cfg.Clock,
		logger:   cfg.Logger,
		linger:   cfg.Linger,
		slow:     cfg.SlowCallback,
		servers:  make(map[*Server]struct{}),
		children: make(map[*subprocess.Transport]struct{}),
	}
	l.base = l.clock.Now()
	l.tasks = future.NewTasks(runningTasks)
	l.debug.Store(cfg.Debug)
	return l
}

// drivenBy gives a new loop the driver that moves its bytes.
func (l *Loop) drivenBy(d driver) *Loop {
	l.driver = d
	l.mailbox.begin(d.wake)
	return l
}

// tableFor is what the platform says of a kind of loop. A mechanism of the
// program's own can do what poll can.
func tableFor(kind string) platform.Table {
	if !slices.Contains(platform.Loops(platform.For(platform.Target{}).Target().OS), kind) {
		kind = "poll"
	}
	return platform.For(platform.Target{Loop: kind})
}

// Kind is the mechanism that the loop waits by: "epoll", "poll", "select", ...
func (l *Loop) Kind() string { return l.kind }

// Capabilities returns what this kind of loop can do on this system.
func (l *Loop) Capabilities() platform.Table { return l.table }

// Now returns the time of the loop's clock, by which its timers run. Any
// goroutine.
func (l *Loop) Now() time.Time { return l.clock.Now() }

// CallSoon runs fn in the next iteration, after what was scheduled before it. It
// panics if fn is nil, if the loop is closed, and in debug mode if another
// goroutine runs the loop.
func (l *Loop) CallSoon(fn func()) Handle {
	l.mustSchedule("CallSoon", fn)
	return Handle{loop: l, position: l.pushInOrder(entry{fn: fn})}
}

// pushInOrder queues e behind what was posted before. While the loop runs that
// is so anyway: the loop's own goroutine does not post into the mailbox.
func (l *Loop) pushInOrder(e entry) (position uint64) {
	if l.mailbox.pending.Load() && l.phase.Load() == idle {
		l.mailbox.drain(l.pushPosted)
	}
	return l.ready.push(e)
}

// CallLater runs fn once d has passed: never earlier than one tick of the clock
// before. A zero or negative d means the timers' turn in the next iteration. It
// panics as CallSoon does.
func (l *Loop) CallLater(d time.Duration, fn func()) TimerHandle {
	l.mustSchedule("CallLater", fn)
	now := int64(l.clock.Now().Sub(l.base))
	when := now + max(int64(d), 0)
	if when < now {
		when = math.MaxInt64 // 292 years after the loop was made
	}
	return l.schedule(when, fn)
}

// CallAt runs fn at a time of the loop's clock; see CallLater.
func (l *Loop) CallAt(t time.Time, fn func()) TimerHandle {
	l.mustSchedule("CallAt", fn)
	return l.schedule(int64(t.Sub(l.base)), fn)
}

func (l *Loop) schedule(when int64, fn func()) TimerHandle {
	slot, generation := l.timers.add(when, fn)
	return TimerHandle{loop: l, when: when, slot: slot, generation: generation}
}

func (l *Loop) mustSchedule(method string, fn func()) {
	if fn == nil {
		panic(fmt.Errorf("%w given to %s", errNilCallback, method))
	}
	if l.phase.Load() == closed {
		panic(fmt.Errorf("%w: %s", ErrLoopClosed, method))
	}
	if l.debug.Load() {
		l.mustBeOnLoop(method)
	}
}

// CallSoonThreadsafe is CallSoon for other goroutines, and wakes the loop. Calls
// of one goroutine keep their order. It returns ErrLoopClosed, or an error about
// a nil fn. The handle may be used from any goroutine.
func (l *Loop) CallSoonThreadsafe(fn func()) (Handle, error) {
	if fn == nil {
		return Handle{}, fmt.Errorf("%w given to CallSoonThreadsafe", errNilCallback)
	}
	if l.phase.Load() == closed {
		return Handle{}, fmt.Errorf("%w: CallSoonThreadsafe", ErrLoopClosed)
	}
	c := &call{fn: fn}
	if l.tasks.OnLoop() {
		l.ready.push(entry{src: c})
	} else if err := l.mailbox.put(posted{call: c}); err != nil {
		return Handle{}, fmt.Errorf("%w: CallSoonThreadsafe", err)
	}
	return Handle{loop: l, call: c}, nil
}

// Post is CallSoonThreadsafe without a handle, and so without an allocation.
func (l *Loop) Post(fn func()) error {
	if fn == nil {
		return fmt.Errorf("%w given to Post", errNilCallback)
	}
	if l.phase.Load() == closed {
		return ErrLoopClosed
	}
	if l.tasks.OnLoop() {
		l.ready.push(entry{fn: fn})
		return nil
	}
	return l.mailbox.put(posted{fn: fn})
}

// Stop makes RunForever return after the iteration that is going on, in which
// all callbacks of the batch still run. Before RunForever it limits the next run
// to one iteration that does not block. On a closed loop it does nothing. Any
// goroutine.
func (l *Loop) Stop() { l.mailbox.stop() }

// IsRunning reports whether the loop is inside RunForever. Any goroutine.
func (l *Loop) IsRunning() bool { return l.phase.Load() == active }

// IsClosed reports whether Close was called. Any goroutine.
func (l *Loop) IsClosed() bool { return l.phase.Load() == closed }

// WhenClosed has Close call fn once the tasks are unwound, on a goroutine of its
// own, for which Close waits: for what waits for the loop by means that it does
// not know of. Fn must not wait. Forget takes it back. ErrLoopClosed on a closed
// loop; a nil fn panics. Any goroutine.
func (l *Loop) WhenClosed(fn func()) (forget func(), err error) {
	if fn == nil {
		panic(fmt.Errorf("%w given to WhenClosed", errNilCallback))
	}
	return l.tasks.WhenClosed(fn)
}

// whenClosed runs fn at the end of Close; at once on a closed loop.
func (l *Loop) whenClosed(fn func()) {
	l.phaseMu.Lock()
	if l.phase.Load() != closed {
		l.atClose = append(l.atClose, fn)
		fn = nil
	}
	l.phaseMu.Unlock()
	if fn != nil {
		fn()
	}
}
