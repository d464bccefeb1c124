package memory

import (
	"github.com/tidemill-go/tidemill/transports"
)

// receiveSize is the driver's memory for one receive.
const receiveSize = 64 << 10

// Readiness is the driver that tries first and waits for readiness when the
// kernel refuses. Readiness is level-triggered: what is still true is told again
// in the next iteration. One event makes one receive.
type Readiness struct {
	table
	buffer [receiveSize]byte
}

var (
	_ transports.Driver = (*Readiness)(nil)
	_ driver            = (*Readiness)(nil)
)

// Read implements transports.Driver.
func (d *Readiness) Read(h transports.Handle, on bool) {
	if s := d.at(h); s != nil {
		s.turn(on)
	}
}

// TrySend implements transports.Driver.
func (d *Readiness) TrySend(h transports.Handle, b []byte) (int, error) { return d.trySend(h, b) }

// Send implements transports.Driver.
func (d *Readiness) Send(h transports.Handle, b []byte) (int, error) {
	n, err := d.trySend(h, b)
	if s := d.at(h); err == nil && n < len(b) {
		s.flight = b[n:]
	}
	return n, err
}

// Settle implements transports.Driver: what the kernel has not taken, it does
// not want.
func (d *Readiness) Settle() {}

// Close implements transports.Driver.
func (d *Readiness) Close(h transports.Handle) {
	s := d.at(h)
	if s == nil {
		return
	}
	s.resets = s.hasInput()
	s.held = nil
	d.retire(s)
	d.finish(s)
}

func (d *Readiness) finish(s *slot) {
	if !s.lending {
		d.free(s)
		s.closeFD()
	}
}

func (d *Readiness) poll() bool {
	before := len(d.host.ready)
	for _, s := range d.slots {
		switch {
		case s == nil:
		case s.sink == nil:
			d.pollOthers(s)
		default:
			h, in, out := d.handle(s), s.wantsInput(), s.flight != nil && s.end.writable()
			if in || out {
				d.host.CallSoon(func() { d.move(h, in, out) })
			}
		}
	}
	return len(d.host.ready) > before
}

func (s *slot) wantsInput() bool { return s.reading && (len(s.held) > 0 || s.end.readable()) }

// move is a stream's turn, its input first (contract A16).
func (d *Readiness) move(h transports.Handle, in, out bool) {
	if s := d.at(h); in && s != nil && s.wantsInput() {
		d.read(h, s)
	}
	if s := d.at(h); out && s != nil && s.flight != nil {
		d.sendOn(s)
	}
}

func (d *Readiness) read(h transports.Handle, s *slot) {
	if len(s.held) > 0 {
		b := s.held[0].data
		s.held = nil
		d.keep(s, d.handOver(s, b, d.finish))
		return
	}
	b := s.sink.ReadBuffer()
	if d.at(h) == nil || !s.reading {
		return // paused or closed by its GetBuffer
	}
	own := b == nil
	if own {
		b = d.buffer[:]
	}
	n, err := s.end.receive(b)
	switch {
	case err == errWouldBlock:
	case err != nil:
		s.reading, s.over = false, true
		s.sink.ReadEnd(err)
	case own:
		d.keep(s, d.handOver(s, b[:n], d.finish))
	default:
		s.sink.Filled(n)
	}
}

// keep holds what a sink that paused meanwhile has left over. The memory is the
// next receive's.
func (d *Readiness) keep(s *slot, rest []byte) {
	if len(rest) > 0 {
		s.held = []piece{{data: append([]byte(nil), rest...)}}
	}
}

// sendOn goes on with an outstanding Send.
func (d *Readiness) sendOn(s *slot) {
	n, err := s.end.send(s.flight)
	if err == errWouldBlock || n == 0 && err == nil {
		return
	}
	if s.flight = s.flight[n:]; len(s.flight) == 0 || err != nil {
		s.flight = nil
	}
	s.sink.Sent(n, err) // may Send again
}
