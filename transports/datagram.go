package transports

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// Datagram is the transport of a datagram socket. It belongs to the goroutine of
// its host's loop.
//
// Its states are those of a stream, without an end of input. What goes wrong
// with a datagram is told to ErrorReceived and ends nothing.
type Datagram struct {
	host     Host
	driver   DatagramDriver
	handle   Handle
	protocol protocols.DatagramProtocol
	batches  protocols.BatchDatagramProtocol // protocol, if it is one
	hooks    *DatagramHooks
	marks    protocols.Watermarks
	state    state // made, closing, lost, done, paused, and whether flow is controlled
	dropped  uint32

	// Receiving.
	senders    addressBook
	held       []protocols.Datagram // received, but reading was paused
	handingOut bool                 // a batch is with the protocol

	// Sending.
	queue   *datagramQueue // nil while nothing waits
	single  [1]platform.Outgoing
	zoned   zonedNames
	blocked bool   // the kernel took no more: Room will say when
	stuck   bool   // Room has come and nothing could be sent
	retry   func() // cancels a retry by time

	// Names. They outlive the descriptor.
	fd       int
	network  string
	family   int
	local    net.Addr
	remote   net.Addr // nil unless connected
	peer     platform.Sockaddr
	fallback platform.Name // where to if nobody says, on an endpoint not connected
	socket   *platform.Socket
}

var (
	_ protocols.DatagramTransport  = (*Datagram)(nil)
	_ protocols.ReadTransport      = (*Datagram)(nil)
	_ protocols.MulticastTransport = (*Datagram)(nil)
	_ DatagramSink                 = (*Datagram)(nil)
)

// DatagramHooks are what the maker of an endpoint wants to hear of it. Each may
// be nil.
type DatagramHooks struct {
	// Made is called when ConnectionMade has returned or failed, before the first
	// datagram is read.
	Made func(*Datagram)
	// Lost is called when ConnectionLost has returned or failed and the
	// descriptor is closed.
	Lost func(*Datagram)
}

// DatagramConfig is how an endpoint begins.
type DatagramConfig struct {
	// Network is "udp", "udp4", "udp6" or "unixgram".
	Network string
	// Remote is the peer of a connected socket, or the zero Sockaddr.
	Remote platform.Sockaddr
	// Default is where to send what is sent to nobody in particular, on a socket
	// that is not connected; or the zero Sockaddr.
	Default platform.Sockaddr
	// PacketInfo says that platform.SetPacketInfo was called.
	PacketInfo bool
	// WriteBufferLimits are the first marks; the zero value means the defaults.
	WriteBufferLimits protocols.Watermarks
	Hooks             *DatagramHooks
}

var errNoDatagrams = fmt.Errorf("the loop's driver moves no datagrams: %w", errors.ErrUnsupported)

// NewDatagram makes a transport of a non-blocking datagram socket, which belongs
// to it from the call on, also if it fails. ConnectionMade is called in the next
// iteration.
func NewDatagram(host Host, fd int, p protocols.DatagramProtocol, cfg DatagramConfig) (*Datagram, error) {
	d := &Datagram{host: host, hooks: cfg.Hooks, fd: fd, network: cfg.Network}
	if err := d.begin(&cfg); err != nil {
		platform.CloseFD(fd)
		return nil, err
	}
	d.SetProtocol(p)
	options := DatagramOptions{Local: d.isLocal(), PacketInfo: cfg.PacketInfo}
	var err error
	if d.handle, err = d.driver.OpenDatagram(fd, options, d); err != nil {
		return nil, d.opError("open", nil, err)
	}
	d.socket = platform.NewSocket(fd)
	host.CallSoon(d.connectionMade)
	return d, nil
}

func (d *Datagram) begin(cfg *DatagramConfig) (err error) {
	able := false
	if d.driver, able = d.host.Driver().(DatagramDriver); !able {
		return errNoDatagrams
	}
	if d.marks, err = cfg.WriteBufferLimits.Resolve(); err != nil {
		return err
	}
	local, err := platform.LocalName(d.fd)
	if err != nil {
		return d.opError("getsockname", nil, err)
	}
	d.family = local.Family()
	d.local = unmapped(local).NetAddr(d.network)
	d.peer = unmapped(cfg.Remote)
	d.remote = d.peer.NetAddr(d.network)
	if cfg.Default.IsValid() {
		if d.fallback, err = platform.NameOf(cfg.Default); err != nil {
			return d.opError("sendto", cfg.Default.NetAddr(d.network), err)
		}
	}
	return nil
}

// connectionMade starts reading even if the protocol panics, and only after it
// has returned.
func (d *Datagram) connectionMade() {
	defer func() {
		d.state |= isMade
		if d.hooks != nil && d.hooks.Made != nil {
			d.hooks.Made(d)
		}
		if !d.deaf() {
			d.host.Driver().Read(d.handle, true)
		}
	}()
	d.protocol.ConnectionMade(d)
}

// SetProtocol implements protocols.DatagramTransport. The optional interfaces
// are looked for here and never again.
func (d *Datagram) SetProtocol(p protocols.DatagramProtocol) {
	if p == nil {
		panic("SetProtocol of a nil protocol")
	}
	d.protocol = p
	d.batches, _ = p.(protocols.BatchDatagramProtocol)
	d.state &^= controlsFlow
	if _, ok := p.(protocols.FlowController); ok {
		d.state |= controlsFlow
	}
}

// Protocol implements protocols.DatagramTransport.
func (d *Datagram) Protocol() protocols.DatagramProtocol { return d.protocol }

func (d *Datagram) is(f state) bool { return d.state&f != 0 }

// IsClosing implements protocols.BaseTransport.
func (d *Datagram) IsClosing() bool { return d.is(isClosing) }

// ExtraInfo implements protocols.BaseTransport.
func (d *Datagram) ExtraInfo(name string) any {
	switch name {
	case "socket":
		return d.socket
	case "sockname":
		return nilable(d.local)
	case "peername":
		return nilable(d.remote)
	}
	return nil
}

// LocalAddr implements protocols.BaseTransport.
func (d *Datagram) LocalAddr() net.Addr { return d.local }

// RemoteAddr implements protocols.BaseTransport; nil unless connected.
func (d *Datagram) RemoteAddr() net.Addr { return d.remote }

// ConnectionState implements protocols.BaseTransport: there is no TLS.
func (d *Datagram) ConnectionState() (tls.ConnectionState, bool) { return tls.ConnectionState{}, false }

// isLocal reports whether this is a Unix socket.
func (d *Datagram) isLocal() bool { return d.network == "unixgram" }

// isConnected reports whether the kernel knows one peer only.
func (d *Datagram) isConnected() bool { return d.peer.IsValid() }

// String names the endpoint in logs.
func (d *Datagram) String() string {
	if d.isConnected() {
		return fmt.Sprintf("%s %v->%v", d.network, d.local, d.remote)
	}
	return fmt.Sprintf("%s %v", d.network, d.local)
}
