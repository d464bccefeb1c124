package eventloop

import (
	"sync"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/transports"
)

// aside waits, on a goroutine with a selector, for descriptors that the loop's own
// mechanism does not wait for: drive_ready_aside.go and drive_complete_aside.go say
// which those are. The loop is told, and it alone reads and writes, as ever.
//
// It gives one answer for each question: a selector that is asked level-triggered
// would otherwise repeat it until the loop has had its turn.
type aside struct {
	loop  *Loop
	found func(q question, ready selector.Ready)
	sel   selector.Selector
	over  chan struct{}

	// Of the loop.
	asked   map[int]question // by descriptor
	serial  uint64
	stopped bool

	mu      sync.Mutex
	orders  []order
	closing bool
	nudge   chan struct{} // in place of Wake, once the selector is broken

	// Of the goroutine.
	open   map[int]question // registered
	broken bool
}

// question is what one wants to know of a descriptor.
type question struct {
	fd     int
	of     transports.Handle
	want   selector.Interest // none: only let go of it
	serial uint64
}

// order is a question, or an end of all; done is called when the selector has let
// go of the descriptor.
type order struct {
	question
	done func()
}

// asidePause is how long a descriptor rests that the selector does not take.
const asidePause = 20 * time.Millisecond

func newAside(l *Loop, mechanism string, found func(question, selector.Ready)) (*aside, error) {
	sel, err := selector.New(mechanism)
	if err != nil {
		return nil, err
	}
	a := &aside{
		loop: l, found: found, sel: sel,
		over: make(chan struct{}), nudge: make(chan struct{}, 1),
		asked: map[int]question{}, open: map[int]question{},
	}
	go a.run()
	return a, nil
}

// ask replaces the question about a descriptor.
func (a *aside) ask(fd int, of transports.Handle, want selector.Interest) {
	a.serial++
	q := question{fd: fd, of: of, want: want, serial: a.serial}
	a.asked[fd] = q
	a.give(order{question: q})
}

// answered ends a question, and reports whether it still was the one to answer.
func (a *aside) answered(q question) bool {
	if a.asked[q.fd].serial != q.serial {
		return false
	}
	delete(a.asked, q.fd)
	return true
}

// again runs ask behind the callbacks that an answer has queued, unless one of them
// has asked about the descriptor already.
func (a *aside) again(fd int, ask func()) {
	a.loop.CallSoon(func() {
		if _, asked := a.asked[fd]; !asked {
			ask()
		}
	})
}

// forget takes a question back. done is called, on any goroutine, when the
// descriptor may be closed.
func (a *aside) forget(fd int, done func()) {
	if _, asked := a.asked[fd]; !asked || a.stopped {
		done()
		return
	}
	delete(a.asked, fd)
	a.give(order{question{fd: fd}, done})
}

func (a *aside) give(o order) {
	a.mu.Lock()
	a.orders = append(a.orders, o)
	a.mu.Unlock()
	a.wake()
}

func (a *aside) wake() {
	a.sel.Wake()
	select {
	case a.nudge <- struct{}{}:
	default:
	}
}

// stop ends the goroutine and waits for it to have let go of everything.
func (a *aside) stop() {
	a.stopped = true
	a.mu.Lock()
	a.closing = true
	a.mu.Unlock()
	a.wake()
	<-a.over
}

func (a *aside) run() {
	defer close(a.over)
	for a.obey() {
		if a.broken {
			<-a.nudge
			continue
		}
		events, err := a.sel.Wait(time.Time{}, a.mayBlock)
		for _, e := range events {
			q := a.open[int(e.Tag)]
			a.unwatch(q.fd)
			a.tell(q, e.Ready)
		}
		if err != nil {
			a.fail(err)
		}
	}
	_ = a.sel.Close()
}

func (a *aside) mayBlock() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.orders) == 0 && !a.closing
}

// obey carries the orders out.
func (a *aside) obey() (goOn bool) {
	a.mu.Lock()
	orders, closing := a.orders, a.closing
	a.orders = nil
	a.mu.Unlock()
	for _, o := range orders {
		a.unwatch(o.fd)
		switch {
		case o.done != nil:
			o.done()
		case !closing:
			a.watch(o.question)
		}
	}
	return !closing
}

func (a *aside) unwatch(fd int) {
	if _, registered := a.open[fd]; registered {
		delete(a.open, fd)
		_ = a.sel.Remove(fd) // fails only for what the kernel has forgotten already
	}
}

// watch has a descriptor that the selector does not take tried again by the clock:
// what the system has against it the call itself will tell.
func (a *aside) watch(q question) {
	if a.broken || a.sel.Add(q.fd, uint64(q.fd), q.want) != nil {
		a.post(func() { a.loop.CallLater(asidePause, func() { a.found(q, selector.Failed) }) })
		return
	}
	a.open[q.fd] = q
}

func (a *aside) tell(q question, ready selector.Ready) {
	a.post(func() { a.found(q, ready) })
}

// post leaves it to a loop that is closed to let go of everything.
func (a *aside) post(fn func()) { _ = a.loop.Post(fn) }

// fail goes on without a selector.
func (a *aside) fail(err error) {
	a.broken = true
	a.post(func() {
		a.loop.CallExceptionHandler(ExceptionContext{
			Message: "the selector of a loop's helper failed; what it watched is tried by the clock from now on", Err: err,
		})
	})
	for fd, q := range a.open {
		delete(a.open, fd)
		a.watch(q)
	}
}
