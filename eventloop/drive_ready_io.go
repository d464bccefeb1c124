package eventloop

import (
	"io"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// acceptBudget is how many connections one event accepts before others have
// their turn.
const acceptBudget = 64

// Open implements transports.Driver.
func (d *readinessDriver) Open(fd int, k transports.Kind, sink transports.Sink) (transports.Handle, error) {
	return d.enter(fd, slot{sink: sink, kind: k})
}

// Listen implements transports.Driver.
func (d *readinessDriver) Listen(fd int, accepted func(int, platform.Sockaddr, error)) (transports.Handle, error) {
	return d.enter(fd, slot{rare: &rare{accepted: accepted}, facts: reading})
}

// enter adopts a descriptor and registers it; it closes it on failure.
func (d *readinessDriver) enter(fd int, s slot) (transports.Handle, error) {
	h := d.adopt(fd, s)
	if err := d.update(h, d.at(h)); err != nil {
		d.forget(h)
		platform.CloseFD(fd)
		return 0, err
	}
	return h, nil
}

// Connect implements transports.Driver.
func (d *readinessDriver) Connect(fd int, to platform.Sockaddr, done func(error)) (transports.Handle, error) {
	switch err := platform.Connect(fd, to); {
	case err == nil: // at once, as on Unix sockets; writability will say so
	case !platform.IsInProgress(err):
		platform.CloseFD(fd)
		return 0, err
	}
	return d.enter(fd, slot{rare: &rare{connected: done}})
}

// connected hands the descriptor back: as a stream it is registered anew.
func (d *readinessDriver) connected(h transports.Handle, s *slot) {
	fd, done := int(s.fd), s.rare.connected
	_ = d.sel.Remove(fd)
	d.forget(h)
	done(platform.SocketError(fd))
}

// Read implements transports.Driver.
func (d *readinessDriver) Read(h transports.Handle, on bool) {
	s := d.at(h)
	if s == nil {
		return
	}
	began := on && s.facts&reading == 0 && s.sink != nil
	if !on {
		s.facts &^= reading
	} else {
		s.facts |= reading
	}
	if err := d.update(h, s); err != nil && on {
		d.failLater(h, s, err)
		return
	}
	if began {
		d.readNextTurn(h, s)
		return
	}
	d.readOn(h)
}

// readNextTurn makes a stream whose reading begins wait for what is queued now,
// also if its input is in the batch that runs: whoever awaits the connection
// hears of it before the first byte comes (contract D4).
func (d *readinessDriver) readNextTurn(h transports.Handle, s *slot) {
	if s.facts&(queued|fresh) == 0 {
		s.facts |= queued | fresh
		d.loop.ready.push(entry{src: d, tag: uint64(h)})
	}
}

// failLater ends a stream's input that can not be watched any more. Listeners
// do not come here: theirs was registered when it was opened.
func (d *readinessDriver) failLater(h transports.Handle, s *slot, err error) {
	if s.user() != nil {
		s.extra().failure = err
		d.loop.ready.push(entry{src: d, tag: uint64(h)})
	}
}

// read makes one receive call and hands over what it brought. More is left to
// the next iteration, for fairness.
func (d *readinessDriver) read(h transports.Handle, s *slot) {
	if s.kind == transports.WriteEnd {
		d.readEnd(h, s, io.EOF)
		return
	}
	buffer := s.sink.ReadBuffer()
	if s = d.at(h); s == nil || s.facts&reading == 0 {
		return // paused or closed by its GetBuffer
	}
	own := buffer == nil
	if own {
		buffer = d.buffer
	}
	n, err := s.receive(buffer)
	if s.facts&reading == 0 {
		return // ended by files that it did not want
	}
	switch {
	case platform.WouldBlock(err):
		s.facts &^= mayRead | untilEnd
		return
	case err != nil:
		d.readEnd(h, s, err)
		return
	case n == 0:
		d.readEnd(h, s, io.EOF)
		return
	}
	if d.edge == 0 || n < len(buffer) && s.facts&untilEnd == 0 && s.kind == transports.TCP {
		s.facts &^= mayRead
	}
	if own {
		s.sink.Received(buffer[:n])
	} else {
		s.sink.Filled(n)
	}
	d.readOn(h)
}

func (d *readinessDriver) readEnd(h transports.Handle, s *slot, err error) {
	s.facts &^= mayRead | reading
	_ = d.update(h, s) // can only take interest away
	s.sink.ReadEnd(err)
}

// receive and send know which system calls go with a descriptor.
func (s *slot) receive(b []byte) (int, error) {
	if s.facts&takesFiles != 0 {
		return s.receiveFiles(b)
	}
	if s.kind == transports.File {
		return platform.ReadFD(int(s.fd), b)
	}
	return platform.Recv(int(s.fd), b)
}

func (s *slot) send(b []byte) (int, error) {
	if s.kind >= transports.File {
		return platform.WriteFD(int(s.fd), b)
	}
	return platform.Send(int(s.fd), b)
}

// TrySend implements transports.Driver.
func (d *readinessDriver) TrySend(h transports.Handle, b []byte) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	return s.trySend(b)
}

// trySend sends what the kernel takes now; if it is full that is nothing.
func (s *slot) trySend(b []byte) (int, error) {
	n, err := s.send(b)
	if platform.WouldBlock(err) {
		return 0, nil
	}
	return n, err
}

// Send implements transports.Driver.
func (d *readinessDriver) Send(h transports.Handle, b []byte) (int, error) {
	n, err := d.TrySend(h, b)
	if err != nil || n == len(b) {
		return n, err
	}
	s := d.at(h)
	s.extra().flight = b[n:]
	if err := d.update(h, s); err != nil {
		s.rare.flight = nil
		return n, err
	}
	return n, nil
}

// sendOn goes on with an outstanding Send now that the kernel has room, or says
// that the other side is gone.
func (d *readinessDriver) sendOn(h transports.Handle, s *slot, ready selector.Ready) {
	n, err := s.sendFlight(ready&selector.Failed != 0)
	if n == 0 && err == nil {
		return
	}
	s.sink.Sent(n, err) // may Send again
	if s = d.at(h); s != nil {
		_ = d.update(h, s) // can only take interest away: Send has added its own
	}
}

// CloseWrite implements transports.Driver.
func (d *readinessDriver) CloseWrite(h transports.Handle) error {
	s := d.at(h)
	if s == nil {
		return io.ErrClosedPipe
	}
	return platform.ShutdownWrite(int(s.fd))
}

// Close implements transports.Driver. The descriptor is taken out of the
// selector explicitly: closing does that only if nobody, a forked child or a
// Dup of the program, has the open file too, and then its events would go on.
func (d *readinessDriver) Close(h transports.Handle) {
	s := d.at(h)
	if s == nil {
		return
	}
	fd := int(s.fd)
	if s.rare != nil {
		s.rare.dropFiles()
	}
	d.letGoOf(s, func() { platform.CloseFD(fd) })
	d.forget(h)
}

// Settle implements transports.Driver: what the kernel has not taken, it does
// not want.
func (d *readinessDriver) Settle() {}

// accept takes connections until there are none, an error, or the budget is
// spent. After EMFILE the kernel gives no new edge: Read(h, true) asks again.
func (d *readinessDriver) accept(h transports.Handle) {
	for range acceptBudget {
		s := d.at(h)
		if s == nil || s.facts&reading == 0 {
			return
		}
		fd, peer, err := platform.Accept(int(s.fd))
		switch {
		case err == nil:
			s.rare.accepted(fd, peer, nil)
		case platform.WouldBlock(err):
			s.facts &^= mayRead
			return
		case platform.IsConnAborted(err):
		default:
			d.Read(h, false)
			s.rare.accepted(-1, platform.Sockaddr{}, err)
			return
		}
	}
	d.readOn(h)
}
