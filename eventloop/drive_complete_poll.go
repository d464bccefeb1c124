package eventloop

import (
	"io"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// bookPoll queues what a poll has found: for the program's reader or writer, for
// the transport, or for both, each as a callback of its own.
func (d *completionDriver) bookPoll(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	op, err := o.Op(), o.Err()
	if s.facts&retired != 0 || isPassing(err) {
		d.touch(i)
		return
	}
	if err != nil {
		s.facts |= broken // a descriptor that was closed; whoever watches it anew may try again
	}
	writes := op == proactor.Writable
	if r := s.rare; r != nil && err == nil && r.watcher(side(writes)).fn != nil {
		call := callReader
		if writes {
			call = callWriter
		}
		serial := int32(r.watcher(side(writes)).serial & serialBits)
		d.push(i, proactor.NewOutcome(call, serial, false, -1))
	}
	if s.facts&borrowed == 0 {
		d.push(i, o)
	}
	d.touch(i)
}

// serialBits is what fits into an outcome.
const serialBits = 1<<31 - 1

// call calls the program's reader or writer, unless it was replaced or removed
// since.
func (d *completionDriver) call(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	if s.rare == nil {
		return
	}
	w := s.rare.watcher(o.Op() == callWriter)
	if w.fn != nil && w.serial&serialBits == uint32(o.N()) {
		w.fn()
	}
}

// readable is the turn of a descriptor that is read directly.
func (d *completionDriver) readable(i uint32, o proactor.Outcome) {
	s, err := &d.slots[i], o.Err()
	port := s.port()
	switch {
	case s.facts&reading == 0:
	case port != nil && err != nil:
		s.facts &^= reading
		port.sink.Broken(err)
	case port != nil:
		d.receiveBatch(s)
	case s.sink == nil:
	case err != nil:
		d.end(i, err)
	case s.kind == transports.WriteEnd:
		d.end(i, io.EOF)
	default:
		d.readDirectly(i, s)
	}
}

func (d *completionDriver) readDirectly(i uint32, s *slot) {
	if d.buffer == nil {
		d.buffer = make([]byte, readBufferSize)
	}
	n, err := s.receive(d.buffer)
	switch {
	case s.facts&reading == 0: // ended by files that it did not want
	case platform.WouldBlock(err):
	case err != nil:
		d.end(i, err)
	case n == 0:
		d.end(i, io.EOF)
	default:
		d.give(i, d.buffer[:n])
	}
}

// writable is the turn of a descriptor that is written to directly.
func (d *completionDriver) writable(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	if port := s.port(); port != nil && port.waiting {
		port.waiting = false
		port.sink.Room()
		return
	}
	if s.rare == nil || s.rare.flight == nil {
		return
	}
	if n, err := s.sendFlight(o.HungUp()); n > 0 || err != nil {
		s.sink.Sent(n, s.cause(err))
	}
}

// OpenDatagram implements transports.DatagramDriver.
func (d *completionDriver) OpenDatagram(fd int, o transports.DatagramOptions, sink transports.DatagramSink) (transports.Handle, error) {
	return d.introduce(fd, slot{rare: &rare{port: &datagramPort{sink: sink, options: o}}})
}

// SendDatagrams implements transports.DatagramDriver. Its answer is wanted at
// once, so it is a system call, one for many datagrams.
func (d *completionDriver) SendDatagrams(h transports.Handle, batch []platform.Outgoing) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	return d.post.out.Send(int(s.fd), batch)
}

// AwaitRoom implements transports.DatagramDriver.
func (d *completionDriver) AwaitRoom(h transports.Handle) error {
	s := d.at(h)
	if s == nil {
		return io.ErrClosedPipe
	}
	s.rare.port.waiting = true
	d.touch(h.Slot())
	return nil
}

// receiveBatch makes one receive call and hands over what it brought. What is
// left the next poll finds at once.
func (d *completionDriver) receiveBatch(s *slot) {
	port, inbox := s.rare.port, d.post.inbox(s.rare.port.options)
	port.received(inbox.Receive(int(s.fd), port.options.PacketInfo))
}

// SendFiles implements transports.FileDriver.
func (d *completionDriver) SendFiles(h transports.Handle, b []byte, fds []int) (int, error) {
	s := d.at(h)
	if s == nil {
		closeAll(fds)
		return 0, io.ErrClosedPipe
	}
	n, err := s.sendFiles(b, fds)
	d.touch(h.Slot())
	return n, s.cause(err)
}

// ReceiveFiles implements transports.FileDriver. A receive that is under way
// would drop the files: it ends here.
func (d *completionDriver) ReceiveFiles(h transports.Handle, on bool) {
	s := d.at(h)
	switch {
	case s == nil:
		return
	case on:
		s.facts |= takesFiles
	default:
		s.facts &^= takesFiles
	}
	d.touch(h.Slot())
	if s.under(proactor.Receive) && on {
		d.collect() // arranges, and so cancels
	}
}
