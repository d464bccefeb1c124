package eventloop

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/transports"
)

// readBufferSize is how much one receive call can return (contract F1).
const readBufferSize = 256 << 10

// readinessDriver is transports.Driver over a Selector: it tries the system
// call, and waits for readiness when the kernel refuses. It also holds the
// program's own readers and writers, because a selector knows a descriptor once.
//
// Descriptors of transports are registered edge-triggered where the selector can
// do that: once, instead of at every pause. The price is two facts to keep per
// descriptor: whether the kernel may hold input that no event will announce
// again (mayRead), and whether a short read proves the opposite.
type readinessDriver struct {
	descriptors
	loop   *Loop
	sel    selector.Selector
	edge   selector.Interest // selector.Edge if there is such a thing
	aside  *aside            // nil: the selector has taken every terminal so far
	buffer []byte            // one for all: input is handed over before the next read
	post   postRoom          // the same for datagrams
}

var _ kernelHalf = (*readinessDriver)(nil)

func newReadinessDriver(l *Loop, sel selector.Selector) *readinessDriver {
	d := &readinessDriver{loop: l, sel: sel, buffer: make([]byte, readBufferSize)}
	d.ready, d.half = &l.ready, d
	if sel.EdgeTriggered() {
		d.edge = selector.Edge
	}
	return d
}

// wait implements driver.
func (d *readinessDriver) wait(until time.Time, park func() bool) error {
	events, err := d.sel.Wait(until, park)
	if err != nil {
		return fmt.Errorf("the %s selector failed: %w", d.loop.kind, err)
	}
	d.queue(events)
	return nil
}

// rest implements driver: nothing is ever put off.
func (d *readinessDriver) rest() {}

// wake implements driver.
func (d *readinessDriver) wake() { d.sel.Wake() }

// letGo implements driver: what removed the watcher has removed the descriptor.
func (d *readinessDriver) letGo(_ int, release func()) { release() }

// knowsReadiness implements driver.
func (d *readinessDriver) knowsReadiness() bool { return true }

// drop implements kernelHalf.
func (d *readinessDriver) drop(h transports.Handle) {
	d.letGoOf(d.at(h), func() {})
	d.forget(h)
}

// forget frees a slot; its handle is stale from now on.
func (d *readinessDriver) forget(h transports.Handle) {
	d.disown(&d.slots[h.Slot()])
	d.vacate(h.Slot())
}

// sends reports whether a Send is outstanding.
func (s *slot) sends() bool { return s.rare != nil && s.rare.flight != nil }

// interest is what a slot is to be watched for.
func (d *readinessDriver) interest(s *slot) (in selector.Interest) {
	watched := s.rare.watchersWant()
	switch {
	case s.rare != nil && s.rare.connected != nil:
		return selector.Write
	case s.facts&borrowed == 0 && watched == 0 && d.edge != 0 && !s.isAside():
		in = selector.Read | d.edge
	case s.facts&reading != 0:
		in = selector.Read
	}
	if port := s.port(); s.sends() || port != nil && port.waiting {
		in |= selector.Write
	}
	return in | watched
}

// update brings the selector up to date.
func (d *readinessDriver) update(h transports.Handle, s *slot) error {
	return d.watch(h, s, false)
}

// watch implements kernelHalf.
func (d *readinessDriver) watch(h transports.Handle, s *slot, anew bool) error {
	if in := d.interest(s); anew || in != selector.Interest(s.registered) {
		return d.register(h, s, in)
	}
	return nil
}

// register tells the selector. A descriptor without interest is removed: hang-up
// and error can not be masked.
func (d *readinessDriver) register(h transports.Handle, s *slot, in selector.Interest) (err error) {
	fd, tag := int(s.fd), uint64(h)
	switch {
	case s.isAside():
		d.askAside(h, s, in)
	case in == 0:
		_ = d.sel.Remove(fd) // fails only for what the kernel has forgotten already
	case s.registered == 0:
		err = d.sel.Add(fd, tag, in)
	default:
		if err = d.sel.Modify(fd, tag, in); errors.Is(err, syscall.ENOENT) {
			err = d.sel.Add(fd, tag, in)
		}
	}
	if err == nil {
		s.registered = uint8(in)
	} else if isRefusedDevice(fd, err) {
		return d.putAside(h, s)
	}
	return err
}

// queue turns what a Wait found into entries of the ready queue.
func (d *readinessDriver) queue(events []selector.Event) {
	for _, e := range events {
		s := d.at(transports.Handle(e.Tag))
		if s == nil {
			continue
		}
		if s.rare != nil {
			// Errors and hang-ups go to whichever there is (contract C11).
			d.queueWatchers(e.Tag, s.rare, e.Ready&^selector.Writable != 0, e.Ready&(selector.Writable|selector.Failed) != 0)
			if s.facts&borrowed != 0 {
				continue
			}
		}
		d.loop.ready.push(entry{src: d, tag: e.Tag, bits: uint64(e.Ready)})
	}
}

// readOn queues one more read for input that no event will announce.
func (d *readinessDriver) readOn(h transports.Handle) {
	if s := d.at(h); s != nil && s.facts&(reading|mayRead|queued) == reading|mayRead {
		s.facts |= queued
		d.loop.ready.push(entry{src: d, tag: uint64(h)})
	}
}

// dispatch implements source: what is ready, or nothing for a queued read.
func (d *readinessDriver) dispatch(tag, bits uint64) {
	h, ready := transports.Handle(tag), selector.Ready(bits)
	s := d.at(h)
	if s == nil {
		return
	}
	if ready == 0 {
		s.facts &^= queued | fresh
	}
	switch {
	case s.port() != nil:
		d.exchange(h, s, ready)
	case s.rare != nil && s.rare.failure != nil:
		s.facts &^= reading
		s.sink.ReadEnd(s.rare.failure)
	case s.rare != nil && s.rare.connected != nil:
		d.connected(h, s)
	case s.rare != nil && s.rare.accepted != nil:
		s.facts |= mayRead
		d.accept(h)
	case s.sink != nil:
		d.move(h, s, ready)
	}
}

// move is a stream's turn, its input first (contract A16).
func (d *readinessDriver) move(h transports.Handle, s *slot, ready selector.Ready) {
	if ready&^selector.Writable != 0 {
		s.facts |= mayRead
	}
	if ready&(selector.Ended|selector.Failed|selector.Urgent) != 0 {
		s.facts |= untilEnd
	}
	if s.facts&(reading|mayRead|fresh) == reading|mayRead {
		d.read(h, s)
	}
	if ready&(selector.Writable|selector.Failed) != 0 {
		if s = d.at(h); s != nil && s.sends() {
			d.sendOn(h, s, ready)
		}
	}
}

// shut closes every descriptor that is ours, then the selector.
func (d *readinessDriver) shut() error {
	for fd := range d.owners {
		h, s := d.owner(fd)
		if s != nil && s.facts&borrowed != 0 {
			s.rare.abandon()
			continue
		}
		if s != nil {
			s.orphan()
			d.Close(h)
		}
	}
	if d.aside != nil {
		d.aside.stop()
	}
	d.buffer, d.post = nil, postRoom{}
	return d.sel.Close()
}
