package eventloop

import (
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// connector is one CreateConnection that goes on.
type connector struct {
	loop    *Loop
	op      string // of its errors
	factory func() protocols.Protocol
	network string
	cfg     ConnectionConfig
	result  *Future[Connection]
	tls     tlsSettings

	given  *inherited
	remote endpoint
	local  *endpoint // nil: any
	from   []platform.Sockaddr
	lookup func() // gives the look-up up
	race   race
}

func newConnector(l *Loop, factory func() protocols.Protocol, network string, cfg *ConnectionConfig) *connector {
	c := &connector{loop: l, op: "connect", factory: factory, network: network, lookup: func() {}}
	if cfg != nil {
		c.cfg = *cfg
	}
	c.tls = c.cfg.secure()
	return c
}

// accept takes what a configuration says of a connection that was accepted.
func (c *connector) accept(cfg *ConnectionConfig) {
	c.cfg.WriteBufferLimits = cfg.WriteBufferLimits
	c.tls = cfg.secure()
	c.tls.server = true
}

// refusal is what the platform has against a connection of this kind.
func (c *connector) refusal(address string) error {
	ops := []platform.Operation{forNetwork(c.network, platform.CreateConnection, platform.CreateConnectionUnix)}
	if c.network == "unix" && (isAbstract(address) || isAbstract(c.cfg.LocalAddr)) {
		ops = append(ops, platform.UnixAbstractName)
	}
	if c.cfg.TLS != nil {
		ops = append(ops, platform.TLS)
	}
	for _, op := range ops {
		if err := c.loop.table.Check(op); err != nil {
			return err
		}
	}
	return nil
}

// check looks at all arguments (contract H6).
func (c *connector) check(address string) (err error) {
	if c.factory == nil {
		return errNilFactory
	}
	if _, err := c.cfg.WriteBufferLimits.Resolve(); err != nil {
		return err
	}
	if c.network != "unix" && c.cfg.Socket == nil {
		// An address that is none is refused below.
		c.tls.serverName, _, _ = net.SplitHostPort(address)
	}
	if err := c.tls.check(); err != nil {
		return err
	}
	c.tls.own()
	if c.cfg.Socket != nil {
		return c.checkSocket(address)
	}
	if c.remote, err = parseEndpoint(c.network, address, false); err != nil {
		return err
	}
	c.remote.resolver = c.cfg.Resolver
	if c.cfg.LocalAddr != "" {
		local, err := parseEndpoint(c.network, c.cfg.LocalAddr, true)
		if err != nil {
			return err
		}
		local.resolver = c.cfg.Resolver
		c.local = &local
	}
	return nil
}

func (c *connector) checkSocket(address string) error {
	if address != "" || c.cfg.LocalAddr != "" {
		return invalid("both an address and a Socket")
	}
	s, err := examine(c.cfg.Socket)
	switch {
	case err != nil:
		return err
	case s.listening:
		return invalid("%T listens", c.cfg.Socket)
	case c.network == "" && s.isUnix():
		c.network = "unix"
	case c.network == "":
		c.network = "tcp"
	case !s.goesWith(c.network):
		return invalid("%T is not a socket of network %q", c.cfg.Socket, c.network)
	}
	c.given = &s
	return nil
}

func (c *connector) begin(f *Future[Connection]) {
	c.result = f
	if c.given != nil {
		c.adopt()
		return
	}
	f.OnCancel(func() {
		c.lookup()
		c.stopRace()
	})
	c.resolve(c.remote, c.resolveLocal)
}

// resolve calls use if there are addresses to go on with, and otherwise ends the
// call.
func (c *connector) resolve(e endpoint, use func([]platform.Sockaddr)) {
	giveUp := c.loop.resolve(e, func(addrs []platform.Sockaddr, err error) {
		switch {
		case err != nil:
			c.result.SetError(c.opError(nil, nil, err))
		case !c.result.Done():
			use(addrs)
		}
	})
	if len(e.literal) == 0 {
		c.lookup = giveUp
	}
}

func (c *connector) resolveLocal(remote []platform.Sockaddr) {
	if c.local == nil {
		c.startRace(remote)
		return
	}
	c.resolve(*c.local, func(from []platform.Sockaddr) {
		c.from = from
		c.startRace(remote)
	})
}

// adopt goes on with a socket that is connected already.
func (c *connector) adopt() {
	fd, err := c.given.take()
	if err != nil {
		c.result.SetError(c.opError(nil, nil, err))
		return
	}
	// A peer that is gone already has no name; the first read will tell.
	to, _ := platform.PeerName(fd)
	c.connected(fd, to)
}

// connected makes the protocol and the transport of a connected descriptor.
func (c *connector) connected(fd int, to platform.Sockaddr) {
	cfg := transports.StreamConfig{
		Kind: transports.Local, Remote: to, WriteBufferLimits: c.cfg.WriteBufferLimits,
	}
	switch {
	case to.IsPipe():
		cfg.Kind, cfg.Local = transports.File, &to
	case c.network != "unix":
		cfg.Kind = transports.TCP
		_ = platform.SetNoDelay(fd, true) // of a connection lost already; its first read will tell
	}
	p, err := protect(func() (protocols.Protocol, error) { return c.factory(), nil })
	if err == nil && p == nil {
		err = errNilFactoryResult
	}
	if err != nil {
		platform.CloseFD(fd)
		c.result.SetError(c.opError(nil, to.NetAddr(c.network), err))
		return
	}
	p, cfg.Hooks, err = c.secure(p)
	if err == nil {
		_, err = transports.NewStream((*host)(c.loop), fd, p, cfg)
	}
	if err != nil {
		c.result.SetError(err)
	}
}

// made completes the call. Nobody owns the transport of a cancelled one (H18). A
// protocol that has started TLS in its ConnectionMade is that of another one.
func (c *connector) made(t protocols.Transport) {
	t = transports.Uppermost(t)
	c.result.Deliver(Connection{Transport: t, Protocol: t.Protocol()}, t.Abort)
}

func (c *connector) opError(from, to net.Addr, err error) error {
	return &net.OpError{Op: c.op, Net: c.network, Source: from, Addr: to, Err: err}
}

// syscallError names the system call of a bare errno.
func syscallError(call string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError(call, errno)
	}
	return err
}
