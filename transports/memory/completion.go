package memory

import (
	"io"
	"slices"
	"syscall"

	"github.com/tidemill-go/tidemill/transports"
)

// Completion is the driver that submits operations and is told of their end.
// Operations are submitted when an iteration begins or by Settle. A receive is
// armed while delivery is on, never asks ReadBuffer, and is cancelled when
// delivery is turned off; if it brings input all the same, that is held and
// delivered first when delivery is on again.
type Completion struct {
	table
	working    []*operation // the kernel's
	completed  []*operation // not reported yet, oldest first
	withhold   bool
	cancelWins bool
}

var (
	_ transports.Driver = (*Completion)(nil)
	_ driver            = (*Completion)(nil)
)

// Withhold keeps the driver from hearing of completions. The kernel goes on:
// operations do complete, one send or receive each.
func (d *Completion) Withhold() { d.withhold = true }

// Release ends Withhold: the next iteration reports what has completed.
func (d *Completion) Release() { d.withhold = false }

// Pending returns how many completions are withheld.
func (d *Completion) Pending() int { return len(d.completed) }

// ReleaseOne lets the i-th of the withheld completions through, from 0, the
// oldest, and goes on withholding the others. A send is reported in this call, a
// receive in the next iteration.
func (d *Completion) ReleaseOne(i int) { d.report(d.completed[i]) }

// Reorder turns the order of the withheld completions round. Those of one handle
// are a receive and a send at most, which have no order.
func (d *Completion) Reorder() { slices.Reverse(d.completed) }

// Cancel makes the kernel end every outstanding receive, as it does when an
// operation is interrupted for reasons of its own.
func (d *Completion) Cancel() {
	for _, o := range d.working {
		o.cancelled = o.cancelled || !o.isSend
	}
}

// CancelFirst says who wins when input has arrived by the time a receive is
// cancelled: the cancellation, if on; at first it is the input.
func (d *Completion) CancelFirst(on bool) { d.cancelWins = on }

// Read implements transports.Driver.
func (d *Completion) Read(h transports.Handle, on bool) {
	s := d.at(h)
	if s == nil {
		return
	}
	s.turn(on)
	switch {
	case s.port != nil:
	case on:
		d.arm(s)
	case s.receive != nil:
		s.receive.cancelled = true
	}
}

// arm submits a receive unless there is one, or something to deliver first.
func (d *Completion) arm(s *slot) {
	if s.reading && s.receive == nil && len(s.held) == 0 {
		s.receive = &operation{slot: s}
		d.working = append(d.working, s.receive)
	}
}

// TrySend implements transports.Driver. A pipe has no direct send, as on Windows.
func (d *Completion) TrySend(h transports.Handle, b []byte) (int, error) {
	if s := d.at(h); s != nil && s.kind >= transports.File {
		s.mustNotSend("TrySend")
		return 0, transports.ErrSubmitOnly
	}
	return d.trySend(h, b)
}

// Send implements transports.Driver: it only submits.
func (d *Completion) Send(h transports.Handle, b []byte) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	s.mustNotSend("Send")
	d.submit(s, b, slices.Clone(b))
	return 0, nil
}

func (d *Completion) submit(s *slot, b, snapshot []byte) {
	s.flight = b
	s.send = &operation{slot: s, isSend: true, memory: b, snapshot: snapshot}
	d.working = append(d.working, s.send)
}

// Settle implements transports.Driver.
func (d *Completion) Settle() {
	for d.enter(sends) || d.reap(sends) {
	}
}

// Close implements transports.Driver. The descriptor outlives the handle until
// no operation can touch it.
func (d *Completion) Close(h transports.Handle) {
	s := d.at(h)
	if s == nil {
		return
	}
	s.resets = s.hasInput()
	s.held = nil
	d.retire(s)
	for _, o := range []*operation{s.receive, s.send} {
		if o != nil {
			o.cancelled = true
		}
	}
	d.finish(s)
}

// finish closes the descriptor of a retired slot after its last operation.
func (d *Completion) finish(s *slot) {
	if s.receive == nil && s.send == nil && !s.lending {
		d.free(s)
		s.closeFD()
	}
}

func all(*operation) bool     { return true }
func sends(o *operation) bool { return o.isSend }

func (d *Completion) poll() bool {
	busy := d.enter(all)
	busy = d.reap(all) || busy
	before := len(d.host.ready)
	for _, s := range d.slots {
		switch {
		case s == nil:
		case s.sink == nil && (s.done != nil || s.port != nil):
			d.pollOthers(s)
		case s.reading && len(s.held) > 0:
			h := d.handle(s)
			d.host.CallSoon(func() { d.deliver(h) })
		}
	}
	return busy || len(d.host.ready) > before
}

// enter lets the kernel work on the operations that are meant.
func (d *Completion) enter(meant func(*operation) bool) (progress bool) {
	d.working = slices.DeleteFunc(d.working, func(o *operation) bool {
		if !meant(o) || !o.work(d.cancelWins) {
			return false
		}
		d.completed = append(d.completed, o)
		progress = true
		return true
	})
	return progress
}

// reap reports the completions that are meant. A report may submit again.
func (d *Completion) reap(meant func(*operation) bool) (progress bool) {
	for i := 0; !d.withhold && i < len(d.completed); {
		if o := d.completed[i]; meant(o) {
			d.report(o)
			progress = true
		} else {
			i++
		}
	}
	return progress
}

// report tells of one completion: of a send at once, because no user code runs,
// of a receive in a callback.
func (d *Completion) report(o *operation) {
	i := slices.Index(d.completed, o)
	d.completed = slices.Delete(d.completed, i, i+1)
	if o.isSend {
		d.sent(o)
		return
	}
	d.host.CallSoon(func() { d.received(o) })
}

func (d *Completion) sent(o *operation) {
	s := o.slot
	o.mustBeUntouched()
	s.flight, s.send = nil, nil
	if s.sink == nil {
		d.finish(s)
		return
	}
	if o.err == nil && o.n < len(o.memory) {
		d.submit(s, o.memory[o.n:], o.snapshot[o.n:])
	}
	if o.err != nil && s.failure != nil {
		o.err = s.failure
	}
	s.sink.Sent(o.n, o.err)
}

// received takes a receive's result over. Only now may another one be armed: at
// the time of the report, an end would be read past.
func (d *Completion) received(o *operation) {
	s := o.slot
	s.receive = nil
	if s.sink == nil {
		s.resets = s.resets || len(o.data) > 0
		d.finish(s)
		return
	}
	if o.err != syscall.ECANCELED {
		s.held = append(s.held, piece{data: o.data, err: o.err})
		d.deliver(d.handle(s))
		return
	}
	d.arm(s)
}

// deliver hands over the oldest piece that is held.
func (d *Completion) deliver(h transports.Handle) {
	s := d.at(h)
	if s == nil || !s.reading || len(s.held) == 0 {
		return
	}
	if err := s.held[0].err; err != nil {
		s.reading, s.over, s.held = false, true, nil
		s.sink.ReadEnd(err)
		return
	}
	b := s.held[0].data
	s.held = s.held[1:]
	if rest := d.handOver(s, b, d.finish); len(rest) > 0 {
		s.held = slices.Insert(s.held, 0, piece{data: rest})
	}
	if s.sink != nil {
		d.arm(s)
	}
}
