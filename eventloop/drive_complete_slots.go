package eventloop

import (
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// touch has a slot's operations looked at before the next wait: what is turned
// off and on again in one iteration costs nothing.
func (d *completionDriver) touch(i uint32) {
	if s := &d.slots[i]; s.facts&touched == 0 {
		s.facts |= touched
		d.changed = append(d.changed, i)
	}
}

// arrangeAll brings the kernel up to date. A slot with entries in the ready queue
// waits for them: what they find decides.
func (d *completionDriver) arrangeAll() {
	changed := d.changed
	d.changed = d.changed[:0]
	for _, i := range changed {
		s := &d.slots[i]
		if s.facts &^= touched; s.queued > 0 {
			s.facts |= touched
			d.changed = append(d.changed, i)
		}
		d.arrange(i)
	}
	d.feed()
}

// arrange submits what a slot wants and cancels what it does not want any more.
func (d *completionDriver) arrange(i uint32) {
	s := &d.slots[i]
	if s.facts&retired != 0 {
		return
	}
	wanted := s.wanted()
	d.cancelUnwanted(i, wanted)
	if s.queued > 0 {
		return
	}
	missing := wanted &^ s.registered &^ s.waiting()
	s.registered |= missing
	fd := int(s.fd)
	if missing&bit(proactor.Receive) != 0 {
		d.p.Receive(fd, i, false)
	}
	if missing&bit(proactor.Accept) != 0 {
		d.p.Accept(fd, i)
	}
	for _, op := range []proactor.Op{proactor.Readable, proactor.Writable} {
		if missing&bit(op) != 0 {
			d.p.Poll(fd, i, op)
		}
	}
}

// cancelUnwanted reports whether there was anything to cancel. Sends and connects
// end by themselves.
func (d *completionDriver) cancelUnwanted(i uint32, wanted uint8) (any bool) {
	const endless = 1<<(proactor.Receive-1) | 1<<(proactor.Accept-1)
	s := &d.slots[i]
	for _, op := range []proactor.Op{proactor.Receive, proactor.Accept, proactor.Readable, proactor.Writable} {
		if !s.under(op) || wanted&bit(op) != 0 {
			continue
		}
		any = true
		if bit(op)&endless != 0 {
			if s.facts&cancelling != 0 {
				continue
			}
			s.facts |= cancelling
		}
		d.p.Cancel(i, op)
	}
	return any
}

// wanted is the set of operations that should be under way.
func (s *slot) wanted() (ops uint8) {
	port := s.port()
	switch {
	case s.facts&(reading|broken) != reading:
	case s.sink != nil && s.isReceived():
		ops = bit(proactor.Receive)
	case s.sink != nil || port != nil:
		ops = bit(proactor.Readable)
	case s.rare != nil && s.rare.accepted != nil:
		ops = bit(proactor.Accept)
	}
	if s.rare == nil {
		return ops
	}
	if s.rare.flight != nil || port != nil && port.waiting {
		ops |= bit(proactor.Writable)
	}
	if s.rare.reader.fn != nil && s.facts&broken == 0 {
		ops |= bit(proactor.Readable)
	}
	if s.rare.writer.fn != nil && s.facts&broken == 0 {
		ops |= bit(proactor.Writable)
	}
	return ops
}

// waiting is the set of operations that must wait: for a buffer, or for what was
// received before and is to be delivered first.
func (s *slot) waiting() (ops uint8) {
	if s.facts&starved != 0 {
		ops = bit(proactor.Receive)
	}
	if s.holds() {
		ops |= bit(proactor.Receive) | bit(proactor.Accept)
		if s.rare.reader.fn == nil {
			ops |= bit(proactor.Readable)
		}
	}
	return ops
}

// isReceived reports whether input comes by receives: files that are passed need
// a control message, which a receive has no room for.
func (s *slot) isReceived() bool {
	return s.facts&(submits|takesFiles) == submits
}

// holds reports whether there is something to deliver before more is received.
func (s *slot) holds() bool {
	if s.rare == nil || s.rare.held == nil {
		return false
	}
	h := s.rare.held
	return len(h.pieces) > 0 || len(h.fds) > 0 || h.failed != nil
}

func (s *slot) hold() *held {
	r := s.extra()
	if r.held == nil {
		r.held = &held{}
	}
	return r.held
}

// feed gives those that found no buffer a single receive each, as far as there
// are buffers now: so nobody can take all of them again before everybody has had
// one.
func (d *completionDriver) feed() {
	if len(d.starving) == 0 {
		return
	}
	free := d.p.Free()
	still := d.starving[:0]
	for _, i := range d.starving {
		s := &d.slots[i]
		switch {
		case s.facts&starved == 0: // gone, and its slot may be another's by now
		case s.queued > 0 || free == 0:
			still = append(still, i)
		default:
			s.facts &^= starved
			if s.wanted()&^s.registered&bit(proactor.Receive) != 0 && !s.holds() {
				s.registered |= bit(proactor.Receive)
				d.p.Receive(int(s.fd), i, true)
				free--
			}
		}
	}
	d.starving = still
}

// Close implements transports.Driver. What is under way is cancelled at once, so
// that the descriptor closes here as a rule, and otherwise when the last
// operation ends.
func (d *completionDriver) Close(h transports.Handle) {
	s := d.at(h)
	if s == nil {
		return
	}
	if s.rare != nil {
		s.rare.dropFiles()
	}
	d.retire(h.Slot())
}

// drop implements kernelHalf.
func (d *completionDriver) drop(h transports.Handle) {
	s, i := d.at(h), h.Slot()
	fd, known := int(s.fd), s.facts&attached != 0
	d.disown(s)
	s.fd = -1
	s.facts &^= attached
	d.retire(i)
	if known {
		d.p.Detach(fd, i)
	}
}

// retire makes a slot's handle stale and ends its operations. The memory that
// they have stays where it is.
func (d *completionDriver) retire(i uint32) {
	s := &d.slots[i]
	if d.hasInput(i, s) {
		s.facts |= resets
	}
	s.facts = s.facts&^reading | retired
	s.generation++
	s.sink = nil
	if s.rare != nil {
		kept := s.rare.held // a connect still reads its address
		s.rare = &rare{held: kept, file: s.rare.file}
		if kept != nil {
			closeAll(kept.fds)
			kept.fds = nil
		}
	}
	for op := proactor.Receive; op <= proactor.Writable; op++ {
		if s.under(op) {
			d.p.Cancel(i, op)
		}
	}
	// The kernel does some twenty pieces of work in one call, and others may be
	// before ours.
	for tries := 0; s.registered != 0 && tries < cancelTries; tries++ {
		d.collect()
	}
	d.tidy(i)
}

// cancelTries is how often Close looks for the end of what it has cancelled. If
// that is not enough the descriptor is closed when the end comes.
const cancelTries = 16

// hasInput reports whether bytes were received that nobody was given.
func (d *completionDriver) hasInput(i uint32, s *slot) bool {
	if s.holds() && len(s.rare.held.pieces) > 0 && len(s.rare.held.pieces[0].data) > 0 {
		return true
	}
	if s.queued == 0 || s.sink == nil || s.facts&lending != 0 {
		return false
	}
	for p := d.ready.head; p != d.ready.tail; p++ {
		e := d.ready.at(p)
		if e.src == source(d) && uint32(e.tag) == i && proactor.Outcome(e.bits).HasBuffer() {
			return true
		}
	}
	return false
}

// tidy closes the descriptor of a retired slot when no operation can touch it,
// and frees the slot when nothing refers to it.
func (d *completionDriver) tidy(i uint32) {
	s := &d.slots[i]
	if s.facts&retired == 0 || s.registered != 0 || s.facts&lending != 0 {
		return
	}
	if s.fd >= 0 {
		if s.facts&resets != 0 && s.kind == transports.TCP {
			_ = platform.SetLingerReset(int(s.fd))
		}
		d.disown(s)
		d.part(i)
		_ = platform.CloseFD(int(s.fd))
		s.fd = -1
	}
	if s.queued == 0 {
		d.vacate(i)
	}
}

// watch implements kernelHalf. What is not wanted any more ends at once: the
// program may close the descriptor next, and a poll would keep its file open.
func (d *completionDriver) watch(h transports.Handle, s *slot, anew bool) error {
	i := h.Slot()
	if !d.polls {
		return d.watchAside(h, s)
	}
	wanted := s.wanted()
	if anew {
		switch _, err := platform.FileKind(int(s.fd)); {
		case err != nil:
			return err
		case d.p.Owns(int(s.fd)):
			return syscall.EINVAL
		}
		s.facts &^= broken
		wanted = s.wanted() &^ (bit(proactor.Readable) | bit(proactor.Writable))
	}
	if d.cancelUnwanted(i, wanted) {
		d.collect()
	}
	d.touch(i)
	return nil
}
