package eventloop

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
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
	loop   *Loop
	sel    selector.Selector
	edge   selector.Interest // selector.Edge if there is such a thing
	slots  []slot
	free   []uint32
	owners []uint32 // by descriptor: one more than its slot
	buffer []byte   // one for all: input is handed over before the next read
	post   postRoom // the same for datagrams
}

var _ transports.Driver = (*readinessDriver)(nil)

// slot is one descriptor. Pointers to slots move when the table grows: after
// every call of a sink they are fetched again.
type slot struct {
	sink       transports.Sink
	rare       *rare
	fd         int32
	generation uint32
	facts      facts
	kind       transports.Kind
	registered selector.Interest
}

// rare is what an idle stream's slot does not need.
type rare struct {
	flight         []byte // an outstanding Send's rest
	files          []int  // that go with its first byte
	accepted       func(fd int, peer platform.Sockaddr, err error)
	connected      func(err error)
	port           *datagramPort
	reader, writer watcher
	failure        error
}

type facts uint16

const (
	reading    facts = 1 << iota // the sink wants input
	mayRead                      // the kernel may hold input, or an end
	untilEnd                     // an end, an error or a mark is behind the data
	queued                       // an entry in the ready queue will read on
	borrowed                     // the descriptor is the program's
	fresh                        // reading was turned on in this iteration
	takesFiles                   // the sink wants what the peer passes
)

func newReadinessDriver(l *Loop, sel selector.Selector) *readinessDriver {
	d := &readinessDriver{loop: l, sel: sel, buffer: make([]byte, readBufferSize)}
	if sel.EdgeTriggered() {
		d.edge = selector.Edge
	}
	return d
}

// adopt takes a free slot for a descriptor.
func (d *readinessDriver) adopt(fd int, s slot) transports.Handle {
	d.evict(fd)
	var i uint32
	if n := len(d.free); n > 0 {
		i = d.free[n-1]
		d.free = d.free[:n-1]
	} else {
		i = uint32(len(d.slots))
		d.slots = append(d.slots, slot{generation: 1})
	}
	s.fd, s.generation = int32(fd), d.slots[i].generation
	d.slots[i] = s
	for fd >= len(d.owners) {
		d.owners = append(d.owners, 0)
	}
	d.owners[fd] = i + 1
	return transports.NewHandle(i, s.generation)
}

// evict forgets a slot whose descriptor was closed behind our back: the kernel
// has given its number to somebody else.
func (d *readinessDriver) evict(fd int) {
	if h, s := d.owner(fd); s != nil {
		_ = d.sel.Remove(fd)
		d.forget(h)
	}
}

// forget frees a slot; its handle is stale from now on.
func (d *readinessDriver) forget(h transports.Handle) {
	s := &d.slots[h.Slot()]
	d.owners[s.fd] = 0
	*s = slot{generation: s.generation + 1}
	d.free = append(d.free, h.Slot())
}

// at returns the slot of a handle, nil if that is stale.
func (d *readinessDriver) at(h transports.Handle) *slot {
	if i := h.Slot(); int(i) < len(d.slots) && d.slots[i].generation == h.Generation() {
		return &d.slots[i]
	}
	return nil
}

// owner returns the slot that a descriptor is in.
func (d *readinessDriver) owner(fd int) (transports.Handle, *slot) {
	if fd < 0 || fd >= len(d.owners) || d.owners[fd] == 0 {
		return 0, nil
	}
	i := d.owners[fd] - 1
	return transports.NewHandle(i, d.slots[i].generation), &d.slots[i]
}

// sends reports whether a Send is outstanding.
func (s *slot) sends() bool { return s.rare != nil && s.rare.flight != nil }

// extra is the slot's rare part, made now if need be.
func (s *slot) extra() *rare {
	if s.rare == nil {
		s.rare = &rare{}
	}
	return s.rare
}

// interest is what a slot is to be watched for.
func (d *readinessDriver) interest(s *slot) (in selector.Interest) {
	watched := s.rare != nil && (s.rare.reader.fn != nil || s.rare.writer.fn != nil)
	switch {
	case s.rare != nil && s.rare.connected != nil:
		return selector.Write
	case s.facts&borrowed == 0 && !watched && d.edge != 0:
		in = selector.Read | d.edge
	case s.facts&reading != 0:
		in = selector.Read
	}
	if port := s.port(); s.sends() || port != nil && port.waiting {
		in |= selector.Write
	}
	if watched && s.rare.reader.fn != nil {
		in |= selector.Read
	}
	if watched && s.rare.writer.fn != nil {
		in |= selector.Write
	}
	return in
}

// update brings the selector up to date.
func (d *readinessDriver) update(h transports.Handle, s *slot) error {
	if in := d.interest(s); in != s.registered {
		return d.register(h, s, in)
	}
	return nil
}

// register tells the selector. A descriptor without interest is removed: hang-up
// and error can not be masked.
func (d *readinessDriver) register(h transports.Handle, s *slot, in selector.Interest) (err error) {
	fd, tag := int(s.fd), uint64(h)
	switch {
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
		s.registered = in
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
		if s.rare != nil && d.queueWatchers(e, s.rare) {
			continue
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
			d.sendOn(h, s)
		}
	}
}

func (d *readinessDriver) describe(tag, _ uint64) string {
	s := d.at(transports.Handle(tag))
	if s == nil {
		return "closed descriptor"
	}
	switch t := s.user().(type) {
	case interface{ Protocol() protocols.Protocol }:
		return fmt.Sprintf("%v of %T", t, t.Protocol())
	case *transports.Datagram:
		return fmt.Sprintf("%v of %T", t, t.Protocol())
	}
	return fmt.Sprintf("descriptor %d", s.fd)
}

// transports returns the transports that are not lost yet.
func (d *readinessDriver) transports() (all []protocols.BaseTransport) {
	for fd := range d.owners {
		if _, s := d.owner(fd); s != nil {
			if t, ok := s.user().(protocols.BaseTransport); ok {
				all = append(all, t)
			}
		}
	}
	return all
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
			if sink, ok := s.sink.(transports.FileSink); ok {
				sink.DropFiles()
			}
			d.Close(h)
		}
	}
	d.buffer, d.post = nil, postRoom{}
	return d.sel.Close()
}
