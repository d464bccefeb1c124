package eventloop

import (
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// ConnectionConfig says how to connect. Its zero value works.
type ConnectionConfig struct {
	// WriteBufferLimits are the first marks of the transport. The zero value
	// means the defaults.
	WriteBufferLimits protocols.Watermarks
}

// Connection is a transport and the protocol that was made for it.
type Connection struct {
	Transport protocols.Transport
	Protocol  protocols.Protocol
}

// CreateConnection connects to a TCP address and then calls factory; it is done
// when ConnectionMade has returned, before the first byte is received. network
// is "tcp", "tcp4" or "tcp6", address "host:port", an empty host the loopback.
// The addresses of a name are tried in the resolver's order. Cancelling closes
// what was opened.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; an error about a nil factory; net.UnknownNetworkError, *net.AddrError or
// *net.DNSError for the address; *net.OpError around the errno, one for each
// address that was tried, joined; protocols.ErrInvalidWatermarks; ErrLoopClosed;
// *PanicError if factory panics. Any goroutine.
func (l *Loop) CreateConnection(factory func() protocols.Protocol, network, address string, cfg *ConnectionConfig) *Future[Connection] {
	if err := l.table.Check(forNetwork(network, platform.CreateConnection, platform.CreateConnectionUnix)); err != nil {
		return failed[Connection](l, err)
	}
	c := &connector{loop: l, factory: factory, network: network}
	if cfg != nil {
		c.cfg = *cfg
	}
	e, err := c.check(address)
	if err != nil {
		return failed[Connection](l, c.opError(nil, err))
	}
	return submit(l, func(f *Future[Connection]) {
		c.result = f
		l.resolve(e, c.resolved)
	})
}

// Connect is CreateConnection for a protocol of a known type.
func Connect[P protocols.Protocol](l *Loop, newP func() P, network, address string, cfg *ConnectionConfig) *Future[P] {
	f := l.CreateConnection(protocols.Factory(newP), network, address, cfg)
	return then(l, f, func(c Connection) P { return c.Protocol.(P) })
}

// connector is one CreateConnection that goes on.
type connector struct {
	loop    *Loop
	factory func() protocols.Protocol
	network string
	cfg     ConnectionConfig
	result  *Future[Connection]
	rest    []platform.Sockaddr
	errs    []error
}

func (c *connector) check(address string) (endpoint, error) {
	if c.factory == nil {
		return endpoint{}, errNilFactory
	}
	if _, err := c.cfg.WriteBufferLimits.Resolve(); err != nil {
		return endpoint{}, err
	}
	return parseEndpoint(c.network, address, false)
}

func (c *connector) resolved(addrs []platform.Sockaddr, err error) {
	if err != nil {
		c.result.SetError(c.opError(nil, err))
		return
	}
	c.rest = addrs
	c.next()
}

// next tries one more address.
func (c *connector) next() {
	if c.result.Done() {
		return // cancelled meanwhile
	}
	if len(c.rest) == 0 {
		c.result.SetError(c.combined())
		return
	}
	to := c.rest[0]
	c.rest = c.rest[1:]
	fd, err := platform.OpenSocket(to.Family(), syscall.SOCK_STREAM)
	if err == nil {
		err = c.attempt(fd, to)
	}
	if err != nil {
		c.failed(to, err)
	}
}

func (c *connector) attempt(fd int, to platform.Sockaddr) error {
	driver := c.loop.driver
	h, err := driver.Connect(fd, to, func(err error) {
		c.result.OnCancel(nil)
		if err != nil {
			platform.CloseFD(fd)
			c.failed(to, err)
			return
		}
		c.connected(fd, to)
	})
	if err == nil {
		c.result.OnCancel(func() { driver.Close(h) })
	}
	return err
}

func (c *connector) failed(to platform.Sockaddr, err error) {
	c.errs = append(c.errs, c.opError(to.NetAddr(c.network), err))
	c.next()
}

// combined is the first error if all say the same, or all of them joined.
func (c *connector) combined() error {
	for _, err := range c.errs {
		if err.Error() != c.errs[0].Error() {
			return errors.Join(c.errs...)
		}
	}
	return c.errs[0]
}

func (c *connector) connected(fd int, to platform.Sockaddr) {
	_ = platform.SetNoDelay(fd, true) // of a connection lost already; its first read will tell
	p, err := protect(func() (protocols.Protocol, error) { return c.factory(), nil })
	if err == nil && p == nil {
		err = errNilFactoryResult
	}
	if err != nil {
		platform.CloseFD(fd)
		c.result.SetError(c.opError(to.NetAddr(c.network), err))
		return
	}
	_, err = transports.NewStream((*host)(c.loop), fd, p, transports.StreamConfig{
		Kind: transports.TCP, Remote: to,
		WriteBufferLimits: c.cfg.WriteBufferLimits,
		Hooks:             &transports.Hooks{Made: c.made},
	})
	if err != nil {
		c.result.SetError(err)
	}
}

// made completes the call. Nobody owns the transport of a cancelled one (H18).
func (c *connector) made(s *transports.Stream) {
	if !c.result.SetResult(Connection{Transport: s, Protocol: s.Protocol()}) {
		s.Abort()
	}
}

func (c *connector) opError(to net.Addr, err error) error {
	return &net.OpError{Op: "connect", Net: c.network, Addr: to, Err: systemError(err)}
}

// systemError names the system call of a bare errno.
func systemError(err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError("socket", errno)
	}
	return err
}
