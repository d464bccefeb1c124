package eventloop

import (
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// Listen implements transports.Driver.
func (d *completionDriver) Listen(fd int, accepted func(int, platform.Sockaddr, error)) (transports.Handle, error) {
	h, err := d.introduce(fd, slot{rare: &rare{accepted: accepted}, facts: reading})
	if err == nil {
		d.touch(h.Slot())
	}
	return h, err
}

// bookAccept keeps what was accepted until there is a turn for it.
func (d *completionDriver) bookAccept(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	if !o.More() {
		s.facts &^= cancelling
		d.touch(i)
	}
	switch err := o.Err(); {
	case err == nil:
		h := s.hold()
		h.fds = append(h.fds, o.N())
	case isPassing(err), platform.IsConnAborted(err):
		return
	default:
		s.hold().failed = err
	}
	d.acceptOn(i)
}

// acceptOn queues a turn for what was accepted.
func (d *completionDriver) acceptOn(i uint32) {
	s := &d.slots[i]
	if s.facts&(queued|reading|retired) == reading && s.holds() {
		s.facts |= queued
		d.push(i, proactor.NewOutcome(proactor.Accept, 0, true, -1))
	}
}

// accept hands over connections until there are none, an error, or the budget is
// spent. A multishot accept tells no addresses; that of a peer which has reset
// the connection already is not to be had any more, and is the zero one.
func (d *completionDriver) accept(i uint32) {
	d.slots[i].facts &^= queued
	for range acceptBudget {
		s := &d.slots[i]
		if s.facts&(retired|reading) != reading || !s.holds() {
			break
		}
		h, accepted := s.rare.held, s.rare.accepted
		if len(h.fds) == 0 {
			err := h.failed
			h.failed = nil
			s.facts &^= reading
			accepted(-1, platform.Sockaddr{}, err)
			break
		}
		fd := h.fds[0]
		if h.fds = h.fds[1:]; len(h.fds) == 0 {
			h.fds = nil
		}
		peer, _ := platform.PeerName(fd)
		accepted(fd, peer, nil)
	}
	if s := &d.slots[i]; s.facts&retired == 0 {
		d.touch(i)
	}
}

// Connect implements transports.Driver. A Unix socket is connected at once or
// not at all, and there is nothing to submit.
func (d *completionDriver) Connect(fd int, to platform.Sockaddr, done func(error)) (transports.Handle, error) {
	name, err := platform.NameOf(to)
	if err == nil && to.IsUnix() {
		err = platform.Connect(fd, to)
	}
	if err != nil {
		_ = platform.CloseFD(fd)
		return 0, err
	}
	h, err := d.introduce(fd, slot{rare: &rare{connected: done}})
	if err != nil {
		return 0, err
	}
	i := h.Slot()
	if to.IsUnix() {
		d.push(i, proactor.NewOutcome(proactor.Connect, 0, false, -1))
		return h, nil
	}
	s := &d.slots[i]
	s.hold().to = &name
	s.registered |= bit(proactor.Connect)
	d.unsent = true
	d.p.Connect(fd, i, &name)
	return h, nil
}

// connected hands the descriptor back: as a stream it is adopted anew.
func (d *completionDriver) connected(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	done := s.rare.connected
	d.drop(transports.NewHandle(i, s.generation))
	done(o.Err())
}
