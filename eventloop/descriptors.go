package eventloop

import (
	"fmt"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// descriptors is the table of a driver: what it knows of each descriptor of its
// transports, and of those that the program has watched.
type descriptors struct {
	slots  []slot
	free   []uint32
	owners []uint32 // by descriptor: one more than its slot
	ready  *readyQueue
	half   kernelHalf
}

// kernelHalf is what the table asks of its driver.
type kernelHalf interface {
	// watch tells the kernel what a slot is to be watched for, anew also if it
	// seems to know: the number may have become another file's since.
	watch(h transports.Handle, s *slot, anew bool) error

	// drop forgets a slot whose descriptor is not ours to close, or is somebody
	// else's by now; its handle is stale from then on.
	drop(h transports.Handle)
}

// slot is one descriptor. Pointers to slots move when the table grows: after
// every call of a sink they are fetched again.
type slot struct {
	sink       transports.Sink
	rare       *rare
	fd         int32
	generation uint32
	facts      facts
	kind       transports.Kind

	// registered is what a Selector was told, armed the set of operations that a
	// Proactor was given, by proactor.Op. flight is one more than the number of
	// an outstanding send, and queued counts entries of the ready queue.
	registered uint8
	queued     uint16
	flight     uint32
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
	held           *held
	file           *fileFlight // an outstanding SendFile
	aside          bool        // the selector does not take it
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

	// Of a completion driver.
	touched    // its operations are to be looked at before the next wait
	cancelling // the outstanding receive or accept
	starved    // it waits for a buffer
	lending    // the sink is looking at the driver's memory
	retired    // the handle is stale, and operations are still to end
	broken     // it can not be polled any more
	resets     // closing it must reset the connection
	attached   // the Proactor knows which descriptor the slot stands for
	submits    // input and output are operations, not calls when a poll says so
)

// adopt takes a free slot for a descriptor. If there is one of that number, it
// was closed behind our back: the kernel has given it to somebody else.
func (d *descriptors) adopt(fd int, s slot) transports.Handle {
	if h, old := d.owner(fd); old != nil {
		d.half.drop(h)
	}
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

// disown takes a slot's descriptor out of the table.
func (d *descriptors) disown(s *slot) {
	if s.fd >= 0 {
		d.owners[s.fd] = 0
	}
}

// vacate gives a slot to the next descriptor.
func (d *descriptors) vacate(i uint32) {
	s := &d.slots[i]
	*s = slot{generation: s.generation + 1}
	d.free = append(d.free, i)
}

// at returns the slot of a handle, nil if that is stale.
func (d *descriptors) at(h transports.Handle) *slot {
	if i := h.Slot(); int(i) < len(d.slots) && d.slots[i].generation == h.Generation() {
		return &d.slots[i]
	}
	return nil
}

// owner returns the slot that a descriptor is in.
func (d *descriptors) owner(fd int) (transports.Handle, *slot) {
	if fd < 0 || fd >= len(d.owners) || d.owners[fd] == 0 {
		return 0, nil
	}
	i := d.owners[fd] - 1
	return transports.NewHandle(i, d.slots[i].generation), &d.slots[i]
}

// extra is the slot's rare part, made now if need be.
func (s *slot) extra() *rare {
	if s.rare == nil {
		s.rare = &rare{}
	}
	return s.rare
}

// port returns the datagram socket in a slot, nil if something else is there.
func (s *slot) port() *datagramPort {
	if s.rare == nil {
		return nil
	}
	return s.rare.port
}

// user is the sink of whatever kind that a slot has, nil for those without.
func (s *slot) user() any {
	switch port := s.port(); {
	case s.sink != nil:
		return s.sink
	case port != nil:
		return port.sink
	}
	return nil
}

// orphan tells a sink that its loop is closed.
func (s *slot) orphan() {
	if sink, ok := s.sink.(transports.FileSink); ok {
		sink.DropFiles()
	}
	if sink, ok := s.sink.(transports.Orphan); ok {
		sink.LoopClosed()
	}
}

// describe names a descriptor in debug mode's warnings.
func (d *descriptors) describe(tag, _ uint64) string {
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
func (d *descriptors) transports() (all []protocols.BaseTransport) {
	for fd := range d.owners {
		if _, s := d.owner(fd); s != nil {
			if t, ok := s.user().(protocols.BaseTransport); ok {
				all = append(all, t)
			}
		}
	}
	return all
}
