package eventloop

import (
	"io"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

const (
	// inboxSlots is how many datagrams one event brings at most before others
	// have their turn.
	inboxSlots = 64

	// A datagram between Unix sockets is as long as the sender's buffer allows,
	// 208 KiB unless somebody has raised that.
	localInboxSlots = 8
	localDatagram   = 256 << 10
)

// datagramPort is what the driver knows of a datagram socket.
type datagramPort struct {
	sink    transports.DatagramSink
	options transports.DatagramOptions
	waiting bool // AwaitRoom was called
}

// postRoom is where datagrams come in and go out: one for all sockets of a loop,
// made when the first one opens.
type postRoom struct {
	inet, local *platform.Inbox
	out         platform.Outbox
}

func (p *postRoom) inbox(o transports.DatagramOptions) *platform.Inbox {
	if o.Local {
		if p.local == nil {
			p.local = platform.NewInbox(localInboxSlots, localDatagram)
		}
		return p.local
	}
	if p.inet == nil {
		p.inet = platform.NewInbox(inboxSlots, platform.MaxDatagram)
	}
	return p.inet
}

// OpenDatagram implements transports.DatagramDriver.
func (d *readinessDriver) OpenDatagram(fd int, o transports.DatagramOptions, sink transports.DatagramSink) (transports.Handle, error) {
	return d.enter(fd, slot{rare: &rare{port: &datagramPort{sink: sink, options: o}}})
}

// SendDatagrams implements transports.DatagramDriver.
func (d *readinessDriver) SendDatagrams(h transports.Handle, batch []platform.Outgoing) (int, error) {
	s := d.at(h)
	if s == nil {
		return 0, io.ErrClosedPipe
	}
	return d.post.out.Send(int(s.fd), batch)
}

// AwaitRoom implements transports.DatagramDriver.
func (d *readinessDriver) AwaitRoom(h transports.Handle) error {
	s := d.at(h)
	if s == nil {
		return io.ErrClosedPipe
	}
	s.rare.port.waiting = true
	err := d.update(h, s)
	if err != nil {
		s.rare.port.waiting = false
	}
	return err
}

// exchange is a datagram socket's turn, its input first.
func (d *readinessDriver) exchange(h transports.Handle, s *slot, ready selector.Ready) {
	if err := s.rare.failure; err != nil {
		s.facts &^= reading
		s.rare.port.sink.Broken(err)
		return
	}
	if ready&^selector.Writable != 0 {
		s.facts |= mayRead
	}
	if s.facts&(reading|mayRead) == reading|mayRead {
		d.receiveBatch(h, s)
	}
	if s = d.at(h); s == nil || ready&(selector.Writable|selector.Failed) == 0 || !s.rare.port.waiting {
		return
	}
	s.rare.port.waiting = false
	_ = d.update(h, s) // can only take interest away
	s.rare.port.sink.Room()
}

// receiveBatch makes one receive call and hands over what it brought. A batch
// that is not full proves that the socket was empty: every datagram, and every
// error, is an edge of its own. More is left to the next iteration, for fairness.
func (d *readinessDriver) receiveBatch(h transports.Handle, s *slot) {
	port, inbox := s.rare.port, d.post.inbox(s.rare.port.options)
	batch, err := inbox.Receive(int(s.fd), port.options.PacketInfo)
	if d.edge == 0 || platform.WouldBlock(err) || err == nil && len(batch) < inbox.Len() {
		s.facts &^= mayRead
	}
	port.received(batch, err)
	d.readOn(h)
}

// received hands over what a receive call has brought: datagrams, the error that
// was behind them, or both.
func (p *datagramPort) received(batch []platform.Datagram, err error) {
	if len(batch) > 0 {
		p.sink.Arrived(batch)
	}
	if err != nil && !platform.WouldBlock(err) {
		p.sink.ReceiveFailed(err)
	}
}
