package trace

import (
	"hash/crc32"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// Datagram is a traced protocol of a datagram endpoint. Its other methods are
// the transport's operations, traced as well.
type Datagram struct {
	// T is the transport, once there is one.
	T protocols.DatagramTransport

	x        *X
	c        int
	received func(p *Datagram, data []byte, from net.Addr) // may be nil
	lost     bool
}

var (
	_ protocols.DatagramProtocol = (*Datagram)(nil)
	_ protocols.FlowController   = (*Datagram)(nil)
)

// ConnectionMade implements protocols.DatagramProtocol.
func (p *Datagram) ConnectionMade(t protocols.DatagramTransport) {
	p.T = t
	p.callback("connection_made", nil, func() {})
}

// DatagramReceived implements protocols.DatagramProtocol.
func (p *Datagram) DatagramReceived(data []byte, from net.Addr) {
	p.callback("datagram_received", Fields{"n": len(data), "crc": crc32.ChecksumIEEE(data)}, func() {
		if p.received != nil {
			p.received(p, data, from)
		}
	})
}

// ErrorReceived implements protocols.DatagramProtocol.
func (p *Datagram) ErrorReceived(err error) {
	p.callback("error_received", Fields{"exc": Kind(err)}, func() {})
}

// PauseWriting implements protocols.FlowController.
func (p *Datagram) PauseWriting() {
	over := p.T.WriteBufferSize() > p.T.WriteBufferLimits().High
	p.callback("pause_writing", Fields{"over_high": over}, func() {})
}

// ResumeWriting implements protocols.FlowController; see Stream's.
func (p *Datagram) ResumeWriting() {
	low := p.T.WriteBufferSize() <= p.T.WriteBufferLimits().Low
	p.callback("resume_writing", Fields{"at_low": low, "st": p.state()[:2] + "*"}, func() {})
}

// ConnectionLost implements protocols.DatagramProtocol.
func (p *Datagram) ConnectionLost(err error) {
	defer func() {
		p.lost = true
		p.x.changed()
	}()
	p.callback("connection_lost", Fields{"exc": Kind(err)}, func() {})
}

func (p *Datagram) callback(event string, fields Fields, hook func()) {
	defer p.x.changed()
	p.x.Emit(event, with(p.describe(nil), fields))
	p.x.within(event, hook)
}

func (p *Datagram) describe(fields Fields) Fields {
	more := Fields{"c": p.c}
	if p.T != nil {
		more["st"] = p.state()
	}
	return with(fields, more)
}

// state is that of a stream without the letter for reading, which asyncio's
// datagram transports can not stop.
func (p *Datagram) state() string {
	st := []byte("o-E")
	if p.T.IsClosing() {
		st[0] = 'C'
	}
	if p.T.WriteBufferSize() > 0 {
		st[2] = 'B'
	}
	return string(st)
}

func (p *Datagram) op(name string, show Fields, call func() error) {
	p.x.Emit("op", p.describe(p.x.perform(name, show, func() (any, error) { return nothing, call() })))
}

// SendTo sends a datagram; a nil address is left out.
func (p *Datagram) SendTo(data []byte, to net.Addr) {
	p.op("sendto", Fields{"n": len(data), "addr": to != nil}, func() error {
		return unlessDropped(p.T.SendTo(data, to))
	})
}

// Close closes the transport.
func (p *Datagram) Close() { p.op("close", nil, p.T.Close) }

// Abort closes the transport without sending what is queued.
func (p *Datagram) Abort() {
	p.op("abort", nil, func() error {
		p.T.Abort()
		return nil
	})
}

// Probe traces the state.
func (p *Datagram) Probe() { p.x.Emit("probe", p.describe(nil)) }

// Datagram opens an endpoint, whose protocol is traced from its construction on.
// received may be nil.
func (x *X) Datagram(cfg eventloop.DatagramConfig, received func(p *Datagram, data []byte, from net.Addr)) *Datagram {
	factory := func() protocols.DatagramProtocol {
		p := &Datagram{x: x, c: len(x.Datagrams), received: received}
		x.Datagrams = append(x.Datagrams, p)
		x.Emit("factory", Fields{"c": p.c})
		return p
	}
	return Must(x.Loop.CreateDatagramEndpoint(factory, &cfg).Await(x.ctx)).Protocol.(*Datagram)
}

// UDP opens an endpoint on 127.0.0.1 and says hello with its port.
func (x *X) UDP(received func(p *Datagram, data []byte, from net.Addr)) *Datagram {
	p := x.Datagram(eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0"}, received)
	addr := p.T.LocalAddr().(*net.UDPAddr)
	x.Hello("udp", Fields{"host": addr.IP.String(), "port": addr.Port})
	return p
}

// LostDatagrams waits until n endpoints have ended.
func (x *X) LostDatagrams(n int) {
	x.Until(func() bool {
		lost := 0
		for _, p := range x.Datagrams {
			if p.lost {
				lost++
			}
		}
		return lost >= n
	})
}
