package eventloop

import (
	"errors"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// DatagramConnection is an endpoint's transport and the protocol that was made
// for it.
type DatagramConnection struct {
	Transport protocols.DatagramTransport
	Protocol  protocols.DatagramProtocol
}

// CreateDatagramEndpoint makes a socket of UDP, or a datagram socket of Unix,
// and then calls factory; it is done when ConnectionMade has returned, before
// the first datagram is received. If a name has several addresses the first that
// works is taken. Cancelling closes what was opened.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; *net.OpError around an error about a nil factory, os.ErrInvalid,
// net.UnknownNetworkError, *net.AddrError or *net.DNSError for the arguments,
// which leaves a Socket with the caller, or around the errno, that of the first
// address if several were tried; protocols.ErrInvalidWatermarks; ErrLoopClosed;
// *PanicError if factory panics. Any goroutine.
func (l *Loop) CreateDatagramEndpoint(factory func() protocols.DatagramProtocol, cfg *DatagramConfig) *Future[DatagramConnection] {
	o := &opener{loop: l, factory: factory, lookup: func() {}}
	if cfg != nil {
		o.cfg = *cfg
	}
	if err := o.cfg.refusal(l.table); err != nil {
		return failed[DatagramConnection](l, err)
	}
	if err := o.check(); err != nil {
		return failed[DatagramConnection](l, o.unlessUnsupported("open", nil, err))
	}
	if o.given != nil {
		return submitOwning(l, o.given.owner, o.begin)
	}
	return submit(l, o.begin)
}

// opener is one CreateDatagramEndpoint that goes on.
type opener struct {
	loop    *Loop
	factory func() protocols.DatagramProtocol
	cfg     DatagramConfig
	result  *Future[DatagramConnection]

	given         *inherited
	local, remote *endpoint // nil: none
	family        int       // of a socket without addresses
	lookup        func()    // gives the look-up up
	file          *socketFile
}

// check looks at all arguments.
func (o *opener) check() (err error) {
	if o.factory == nil {
		return errNilFactory
	}
	if _, err := o.cfg.WriteBufferLimits.Resolve(); err != nil {
		return err
	}
	if o.cfg.Socket != nil {
		return o.checkSocket()
	}
	if o.cfg.Network == "" {
		o.cfg.Network = "udp"
	}
	if o.cfg.isUnix() && o.cfg.PacketInfo {
		return invalid("PacketInfo on a Unix endpoint")
	}
	if o.local, err = o.cfg.endpoint(o.cfg.LocalAddr, true); err != nil {
		return err
	}
	if o.remote, err = o.cfg.endpoint(o.cfg.RemoteAddr, false); err != nil {
		return err
	}
	if o.local == nil && o.remote == nil {
		o.family, err = o.cfg.unboundFamily()
	}
	return err
}

// checkSocket decides whether the Socket is one for us. It still is its owner's.
func (o *opener) checkSocket() error {
	if beside := o.cfg.besideSocket(); beside != "" {
		return invalid("both a Socket and %s", beside)
	}
	s := &inherited{owner: o.cfg.Socket}
	var failed error
	err := s.with(func(fd int) {
		sotype, err := platform.SocketType(fd)
		if err != nil || sotype != syscall.SOCK_DGRAM {
			failed = invalid("%T is not a datagram socket", s.owner)
			return
		}
		s.family, failed = platform.SocketFamily(fd)
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	o.given, o.cfg.Network = s, "udp"
	if s.isUnix() {
		o.cfg.Network = "unixgram"
		if o.cfg.PacketInfo {
			return invalid("PacketInfo on a Unix endpoint")
		}
	}
	return o.loop.table.Check(forNetwork(o.cfg.Network, platform.CreateDatagramEndpoint, platform.CreateDatagramEndpointUnix))
}

func (o *opener) begin(f *Future[DatagramConnection]) {
	o.result = f
	if o.given != nil {
		o.adopt()
		return
	}
	f.OnCancel(func() { o.lookup() })
	o.resolve(o.local, func(local []platform.Sockaddr) {
		o.resolve(o.remote, func(remote []platform.Sockaddr) { o.open(local, remote) })
	})
}

// resolve calls use with the addresses of an endpoint, none for none, and
// otherwise ends the call.
func (o *opener) resolve(e *endpoint, use func([]platform.Sockaddr)) {
	if e == nil {
		use(nil)
		return
	}
	giveUp := o.loop.resolve(*e, func(addrs []platform.Sockaddr, err error) {
		switch {
		case err != nil:
			o.result.SetError(o.opError("open", nil, err))
		case !o.result.Done():
			use(addrs)
		}
	})
	if len(e.literal) == 0 {
		o.lookup = giveUp
	}
}

// adopt goes on with a socket that was made elsewhere.
func (o *opener) adopt() {
	fd, err := o.given.take()
	if err == nil && o.cfg.PacketInfo {
		if err = syscallError("setsockopt", platform.SetPacketInfo(fd, true)); err != nil {
			platform.CloseFD(fd)
		}
	}
	if err != nil {
		o.result.SetError(o.opError("open", nil, err))
		return
	}
	peer, _ := platform.PeerName(fd) // ENOTCONN: it has none
	o.opened(fd, peer, platform.Sockaddr{})
}

// opened makes the protocol and the transport of a socket.
func (o *opener) opened(fd int, peer, fallback platform.Sockaddr) {
	p, err := protect(func() (protocols.DatagramProtocol, error) { return o.factory(), nil })
	if err == nil && p == nil {
		err = errNilFactoryResult
	}
	if err != nil {
		platform.CloseFD(fd)
		o.removeFile()
		o.result.SetError(o.opError("open", nil, err))
		return
	}
	_, err = transports.NewDatagram((*host)(o.loop), fd, p, transports.DatagramConfig{
		Network: o.cfg.Network, Remote: peer, Default: fallback,
		PacketInfo:        o.cfg.PacketInfo,
		WriteBufferLimits: o.cfg.WriteBufferLimits,
		Hooks:             &transports.DatagramHooks{Made: o.made, Lost: o.lost},
	})
	if err != nil {
		o.removeFile()
		o.result.SetError(err)
	}
}

// made completes the call. Nobody owns the transport of a cancelled one.
func (o *opener) made(t *transports.Datagram) {
	o.result.Deliver(DatagramConnection{Transport: t, Protocol: t.Protocol()}, t.Abort)
}

func (o *opener) lost(*transports.Datagram) { o.removeFile() }

// removeFile removes the file of a Unix socket if it is still the one that was
// made.
func (o *opener) removeFile() {
	if o.file == nil || o.cfg.KeepSocketFile {
		return
	}
	if err := o.file.remove(); err != nil {
		o.loop.log().Warn("the file of a datagram socket can not be removed", "error", err)
	}
}

func (o *opener) opError(op string, to net.Addr, err error) error {
	network := o.cfg.Network
	if network == "" {
		network = "udp"
	}
	return &net.OpError{Op: op, Net: network, Addr: to, Err: err}
}

// unlessUnsupported keeps a refusal of the platform as it is.
func (o *opener) unlessUnsupported(op string, to net.Addr, err error) error {
	if _, refused := errors.AsType[*platform.UnsupportedError](err); refused {
		return err
	}
	return o.opError(op, to, err)
}
