package memory

import (
	"io"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// table is what both drivers have in common: the descriptors that they hold,
// accepting and connecting, and the checks of what a transport may do.
type table struct {
	host        *Host
	slots       []*slot // nil: free
	generations []uint32
}

// slot is one descriptor: a stream with a sink, a listening port, or a socket
// that is being connected.
type slot struct {
	index    uint32
	end      *End
	kind     transports.Kind
	port     *Port
	sink     transports.Sink
	accepted func(fd int, peer platform.Sockaddr, err error)
	done     func(err error)
	reading  bool
	over     bool    // the sink has heard of the end of input
	held     []piece // received and not delivered
	failure  error   // of a receive, known before it is delivered
	flight   []byte  // the driver's until it is reported
	receive  *operation
	send     *operation
	lending  bool // the sink is looking at the driver's memory
	resets   bool // input was received and not delivered: closing resets
}

// piece is what one receive brought.
type piece struct {
	data []byte
	err  error
}

// Open implements transports.Driver.
func (t *table) Open(fd int, k transports.Kind, sink transports.Sink) (transports.Handle, error) {
	e, err := t.endOf(fd)
	if err != nil {
		return 0, err
	}
	return t.adopt(&slot{end: e, kind: k, sink: sink}), nil
}

// Connect implements transports.Driver. It succeeds in the next iteration,
// unless the End refuses.
func (t *table) Connect(fd int, _ platform.Sockaddr, done func(error)) (transports.Handle, error) {
	e := t.host.ends[fd]
	if e == nil || e.closed {
		return 0, syscall.EBADF
	}
	return t.adopt(&slot{end: e, done: done}), nil
}

// Listen implements transports.Driver.
func (t *table) Listen(fd int, accepted func(int, platform.Sockaddr, error)) (transports.Handle, error) {
	p := t.host.ports[fd]
	if p == nil || p.closed {
		return 0, syscall.EBADF
	}
	return t.adopt(&slot{port: p, accepted: accepted, reading: true}), nil
}

// endOf finds the end that is adopted. If it refuses, it is closed: the
// descriptor belongs to the driver already.
func (t *table) endOf(fd int) (*End, error) {
	e := t.host.ends[fd]
	if e == nil || e.closed {
		return nil, syscall.EBADF
	}
	if err := e.refusal; err != nil {
		e.refusal = nil
		e.Close()
		return nil, err
	}
	return e, nil
}

func (t *table) adopt(s *slot) transports.Handle {
	for i, other := range t.slots {
		if other == nil {
			s.index = uint32(i)
			t.slots[i] = s
			return t.handle(s)
		}
	}
	s.index = uint32(len(t.slots))
	t.slots = append(t.slots, s)
	t.generations = append(t.generations, 1)
	return t.handle(s)
}

func (t *table) handle(s *slot) transports.Handle {
	return transports.NewHandle(s.index, t.generations[s.index])
}

// at returns the slot of a handle, nil if that is stale.
func (t *table) at(h transports.Handle) *slot {
	if i := h.Slot(); int(i) < len(t.slots) && t.generations[i] == h.Generation() {
		return t.slots[i]
	}
	return nil
}

// retire makes all handles of a slot stale; the slot stays taken.
func (t *table) retire(s *slot) {
	t.generations[s.index]++
	s.sink, s.accepted, s.done, s.reading = nil, nil, nil, false
}

// free gives a retired slot to the next descriptor.
func (t *table) free(s *slot) { t.slots[s.index] = nil }

// turn switches delivery.
func (s *slot) turn(on bool) {
	if on && s.over {
		panic("memory: Read is turned on after ReadEnd")
	}
	if s.reading = on; on && s.port != nil {
		s.port.resumed++
	}
}

// closeFD closes what a slot holds.
func (s *slot) closeFD() {
	switch {
	case s.port != nil:
		s.port.close()
	case s.resets:
		s.end.Reset()
	default:
		s.end.Close()
	}
}

// hasInput reports whether bytes were received that nobody was given.
func (s *slot) hasInput() bool { return len(s.held) > 0 && len(s.held[0].data) > 0 }

// pollOthers queues what ports and connecting sockets have to say.
func (t *table) pollOthers(s *slot) {
	h := t.handle(s)
	switch {
	case s.done != nil:
		t.host.CallSoon(func() { t.connected(h) })
	case s.port != nil && s.reading && len(s.port.queue) > 0:
		t.host.CallSoon(func() { t.accept(h) })
	}
}

func (t *table) connected(h transports.Handle) {
	s := t.at(h)
	if s == nil {
		return
	}
	done, err := s.done, s.end.refusal
	s.end.refusal = nil
	t.retire(s)
	t.free(s)
	done(err)
}

// accept hands over everything that is queued, up to an error.
func (t *table) accept(h transports.Handle) {
	for {
		s := t.at(h)
		if s == nil || !s.reading || len(s.port.queue) == 0 {
			return
		}
		o := s.port.queue[0]
		s.port.queue = s.port.queue[1:]
		if o.err != nil {
			s.reading = false
		}
		s.accepted(o.fd, o.peer, o.err)
	}
}

// trySend is a non-blocking send.
func (t *table) trySend(h transports.Handle, b []byte) (int, error) {
	s := t.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	s.mustNotSend("TrySend")
	n, err := s.end.send(b)
	if err == errWouldBlock {
		return 0, nil
	}
	return n, err
}

// CloseWrite implements transports.Driver.
func (t *table) CloseWrite(h transports.Handle) error {
	s := t.at(h)
	if s == nil {
		return io.ErrClosedPipe
	}
	s.mustNotSend("CloseWrite")
	return s.end.CloseWrite()
}

func (s *slot) mustNotSend(method string) {
	if s.flight != nil {
		panic("memory: " + method + " while a Send is outstanding")
	}
}

// handOver gives bytes in the driver's memory to the sink and spoils what was
// consumed, so that whoever kept it is found out; in debug mode that is the
// transport's own duty. It returns the rest; if the sink closed the handle
// meanwhile, there is none, and finish does what Close left undone.
func (t *table) handOver(s *slot, b []byte, finish func(*slot)) (rest []byte) {
	s.lending = true
	n := s.sink.Received(b)
	s.lending = false
	if n < 0 || n > len(b) {
		panic("memory: Received consumed what it was not given")
	}
	for i := 0; i < n && !t.host.debug; i++ {
		b[i] = 0xEE
	}
	if s.sink == nil {
		s.resets = s.resets || n < len(b)
		finish(s)
		return nil
	}
	return b[n:]
}
