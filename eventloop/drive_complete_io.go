package eventloop

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// Open implements transports.Driver.
func (d *completionDriver) Open(fd int, k transports.Kind, sink transports.Sink) (transports.Handle, error) {
	s := slot{sink: sink, kind: k}
	if k == transports.TCP || k == transports.Local || !d.polls {
		s.facts = submits
	}
	return d.introduce(fd, s)
}

// introduce takes a slot for a descriptor and tells the Proactor of it. What that
// can not serve is closed.
func (d *completionDriver) introduce(fd int, s slot) (transports.Handle, error) {
	h := d.adopt(fd, s)
	i := h.Slot()
	if err := d.p.Attach(fd, i); err != nil {
		d.disown(&d.slots[i])
		d.vacate(i)
		_ = platform.CloseFD(fd)
		return 0, err
	}
	d.slots[i].facts |= attached
	return h, nil
}

// part ends what introduce began.
func (d *completionDriver) part(i uint32) {
	if s := &d.slots[i]; s.facts&attached != 0 {
		s.facts &^= attached
		d.p.Detach(int(s.fd), i)
	}
}

// Read implements transports.Driver.
func (d *completionDriver) Read(h transports.Handle, on bool) {
	s := d.at(h)
	if s == nil {
		return
	}
	i := h.Slot()
	d.touch(i)
	if !on {
		s.facts &^= reading
		return
	}
	s.facts |= reading
	switch {
	case !s.holds():
	case s.rare.accepted != nil:
		d.acceptOn(i)
	default:
		d.deliverSoon(i)
	}
}

// bookReceive is a receive's completion. Only when it is delivered may another
// one be armed: now, an end would be read past.
func (d *completionDriver) bookReceive(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	if !o.More() {
		s.facts &^= cancelling
	}
	switch err := o.Err(); {
	case err == syscall.ENOBUFS:
		if s.facts&starved == 0 {
			s.facts |= starved
			d.starving = append(d.starving, i)
		}
		return
	case isPassing(err):
		d.touch(i)
		return
	case err != nil && s.kind != transports.WriteEnd:
		s.extra().failure = err
	}
	d.push(i, o)
}

// received hands over what a receive brought, or keeps it.
func (d *completionDriver) received(i uint32, o proactor.Outcome) {
	s, err := &d.slots[i], o.Err()
	if err == nil && o.N() == 0 {
		err = io.EOF
	}
	switch {
	case s.kind == transports.WriteEnd:
		d.sensed(i, err)
	case s.facts&reading == 0 || s.holds():
		p := piece{err: err}
		if err == nil {
			p.data = slices.Clone(d.p.Bytes(o))
		}
		h := s.hold()
		h.pieces = append(h.pieces, p)
	case err != nil:
		d.end(i, err)
	default:
		d.give(i, d.p.Bytes(o))
	}
}

// sensed is the turn of a descriptor that is only written to, and is received
// from to hear of its end. What the other side writes is nobody's. A handle that
// can only be written to says so; then the end shows when something is written.
func (d *completionDriver) sensed(i uint32, err error) {
	s := &d.slots[i]
	switch {
	case err == nil || s.facts&reading == 0:
	case errors.Is(err, fs.ErrPermission):
		s.facts |= broken
	default:
		d.end(i, io.EOF)
	}
}

// give hands bytes to the sink and keeps what it does not take.
func (d *completionDriver) give(i uint32, b []byte) {
	s := &d.slots[i]
	s.facts |= lending
	n := s.sink.Received(b)
	s = &d.slots[i]
	s.facts &^= lending
	switch {
	case n >= len(b):
	case s.facts&retired != 0:
		s.facts |= resets
	default:
		h := s.hold()
		h.pieces = slices.Insert(h.pieces, 0, piece{data: slices.Clone(b[n:])})
		if s.facts&reading != 0 { // paused and resumed meanwhile
			d.deliverSoon(i)
		}
	}
}

func (d *completionDriver) end(i uint32, err error) {
	s := &d.slots[i]
	s.facts &^= reading
	s.sink.ReadEnd(err)
}

// deliverSoon queues the delivery of what is held.
func (d *completionDriver) deliverSoon(i uint32) {
	if s := &d.slots[i]; s.facts&queued == 0 {
		s.facts |= queued
		d.push(i, proactor.NewOutcome(deliverHeld, 0, false, -1))
	}
}

// deliverHeld hands over the oldest piece that is held.
func (d *completionDriver) deliverHeld(i uint32) {
	s := &d.slots[i]
	s.facts &^= queued
	if s.facts&reading == 0 || !s.holds() {
		return
	}
	h := s.rare.held
	p := h.pieces[0]
	if p.err != nil {
		h.pieces = nil
		d.end(i, p.err)
		return
	}
	if h.pieces = h.pieces[1:]; len(h.pieces) == 0 {
		h.pieces = nil
	}
	d.give(i, p.data)
	if s = &d.slots[i]; s.facts&(retired|reading) == reading && s.holds() {
		d.deliverSoon(i)
	}
}

// TrySend implements transports.Driver. An input that has failed has used the
// cause up, and the kernel has only EPIPE left.
func (d *completionDriver) TrySend(h transports.Handle, b []byte) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	if s.facts&submits != 0 && s.kind >= transports.File {
		return 0, transports.ErrSubmitOnly
	}
	n, err := s.trySend(b)
	return n, s.cause(err)
}

// cause is the failure of a descriptor's input, if there was one before err.
func (s *slot) cause(err error) error {
	if err != nil && s.rare != nil && s.rare.failure != nil {
		return s.rare.failure
	}
	return err
}

// Send implements transports.Driver: what is submitted is not taken yet.
func (d *completionDriver) Send(h transports.Handle, b []byte) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	if s.facts&submits != 0 {
		s.flight = d.lend(b)
		d.submitSend(h.Slot(), b)
		return 0, nil
	}
	n, err := d.TrySend(h, b)
	if err == nil && n < len(b) {
		s.extra().flight = b[n:]
		d.touch(h.Slot())
	}
	return n, err
}

// lend keeps what the kernel sends from, whatever becomes of the transport.
func (d *completionDriver) lend(b []byte) (flight uint32) {
	if n := len(d.noSends); n > 0 {
		flight = d.noSends[n-1]
		d.noSends = d.noSends[:n-1]
		d.sends[flight-1] = b
		return flight
	}
	d.sends = append(d.sends, b)
	return uint32(len(d.sends))
}

func (d *completionDriver) submitSend(i uint32, b []byte) {
	s := &d.slots[i]
	s.registered |= bit(proactor.Send)
	d.unsent = true
	d.p.Send(int(s.fd), i, b)
}

// sent books a send. What is left of it goes out first.
func (d *completionDriver) sent(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	if s.flight == 0 {
		d.sentFile(i, o)
		return
	}
	rest, err := d.sends[s.flight-1], o.Err()
	gone := s.facts&retired != 0
	if isPassing(err) && !gone {
		d.submitSend(i, rest)
		return
	}
	n := o.N()
	if rest = rest[n:]; err == nil && len(rest) > 0 && !gone {
		d.sends[s.flight-1] = rest
		d.submitSend(i, rest)
	} else {
		d.sends[s.flight-1] = nil
		d.noSends = append(d.noSends, s.flight)
		s.flight = 0
	}
	if gone {
		d.tidy(i)
		return
	}
	d.reported = true
	s.sink.Sent(n, s.cause(err))
}

// CloseWrite implements transports.Driver.
func (d *completionDriver) CloseWrite(h transports.Handle) error {
	s := d.at(h)
	if s == nil {
		return io.ErrClosedPipe
	}
	return platform.ShutdownWrite(int(s.fd))
}
