package eventloop

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// ServerConfig says how to serve. Its zero value works.
type ServerConfig struct {
	// Addresses are more addresses to listen on, each as CreateServer's own. One
	// that is there twice is bound once.
	Addresses []string

	// Listener is a socket that listens already, in place of all addresses: a
	// net.Listener, an *os.File that a supervisor has passed on, or anything
	// else that is a syscall.Conn. It must be a stream socket of the network.
	// It belongs to the server unless the future has failed at once: it is
	// duplicated and closed, also if the rest fails. The file of an inherited
	// Unix socket is never removed.
	Listener io.Closer

	// Backlog is the kernel's queue of connections that wait to be accepted.
	// Zero means 100, or what Listener has; negative the smallest that the
	// kernel knows.
	Backlog int

	// ReuseAddr sets SO_REUSEADDR, so that a port can be bound whose connections
	// are still in TIME_WAIT. By default it is on, but not on Windows, where it
	// means something else. It does not concern Unix sockets.
	ReuseAddr Switch

	// ReusePort sets SO_REUSEPORT: several servers bind one address. Closing one
	// resets the connections that wait in its queue.
	ReusePort bool

	// KeepAlive has the kernel probe idle connections, by SO_KEEPALIVE.
	KeepAlive bool

	// Paused binds without listening: connecting is refused until StartServing.
	// A given Listener goes on listening, and what it queues waits.
	Paused bool

	// KeepSocketFile leaves the file of a Unix socket there after Close.
	KeepSocketFile bool

	// TLS makes every connection secure: the transport is one of TLS, and
	// ConnectionMade waits for the handshake. A handshake that fails is silent
	// outside debug mode: the protocol hears nothing. The config is cloned; it
	// must have a certificate. Its callbacks run on the loop's goroutine, in a
	// coroutine that is no task.
	TLS *tls.Config

	// HandshakeTimeout is how long a client may take for the handshake, and
	// ShutdownTimeout how long to answer the close_notify of Close without
	// taking any output meanwhile. Zero means 60 s and 30 s; negative is refused,
	// and so are both without TLS.
	HandshakeTimeout time.Duration
	ShutdownTimeout  time.Duration

	// HandshakeInExecutor runs handshakes on goroutines of the executor: for a
	// tls.Config whose callbacks block (GetCertificate over the network, keys in
	// hardware). A handshake that stalls keeps one of them until its timeout.
	HandshakeInExecutor bool

	// WriteBufferLimits are the first marks of every connection. The zero value
	// means the defaults.
	WriteBufferLimits protocols.Watermarks

	// Resolver looks host and service names up. Nil means net.DefaultResolver.
	Resolver Resolver
}

const defaultBacklog = 100

// refusal is what the platform has against a server of this kind.
func (c *ServerConfig) refusal(table platform.Table, network, address string) error {
	ops := []platform.Operation{forNetwork(network, platform.CreateServer, platform.CreateServerUnix)}
	if c.ReusePort {
		ops = append(ops, platform.ReusePort)
	}
	for _, a := range append([]string{address}, c.Addresses...) {
		if network == "unix" && isAbstract(a) {
			ops = append(ops, platform.UnixAbstractName)
		}
	}
	if c.TLS != nil {
		ops = append(ops, platform.TLS)
	}
	for _, op := range ops {
		if err := table.Check(op); err != nil {
			return err
		}
	}
	return nil
}

func (c *ServerConfig) secure() tlsSettings {
	return tlsSettings{
		config: c.TLS, server: true,
		handshake: c.HandshakeTimeout, shutdown: c.ShutdownTimeout, inExecutor: c.HandshakeInExecutor,
	}
}

// endpoints checks the addresses; none if there is a Listener.
func (c *ServerConfig) endpoints(network, address string) (all []endpoint, err error) {
	if c.Listener != nil {
		if address != "" || len(c.Addresses) > 0 {
			return nil, invalid("both an address and a Listener")
		}
		return nil, nil
	}
	for _, a := range append([]string{address}, c.Addresses...) {
		e, err := parseEndpoint(network, a, true)
		if err != nil {
			return nil, err
		}
		e.resolver = c.Resolver
		all = append(all, e)
	}
	return all, nil
}

// inherited examines the Listener.
func (c *ServerConfig) inherited(network string) (*inherited, error) {
	if network != "unix" {
		if _, err := tcpFamily(network); err != nil {
			return nil, err
		}
	}
	s, err := examine(c.Listener)
	switch {
	case err != nil:
		return nil, err
	case !s.listening:
		return nil, invalid("%T does not listen", c.Listener)
	case !s.goesWith(network):
		return nil, invalid("%T is not a socket of network %q", c.Listener, network)
	}
	return &s, nil
}

// open makes a socket that is bound to an address.
func (c *ServerConfig) open(l *Loop, a platform.Sockaddr) (fd int, err error) {
	fd, err = platform.OpenSocket(a.Family(), syscall.SOCK_STREAM)
	if err != nil {
		return -1, syscallError("socket", err)
	}
	if !a.IsUnix() {
		err = c.setOptions(fd, a)
	} else if !isAbstract(a.Path()) {
		l.makeWay(a.Path())
	}
	if err == nil {
		err = syscallError("bind", platform.Bind(fd, a))
	}
	if err != nil {
		platform.CloseFD(fd)
		return -1, err
	}
	return fd, nil
}

func (c *ServerConfig) setOptions(fd int, a platform.Sockaddr) error {
	set := []func() error{}
	if c.ReuseAddr.or(platform.ReuseAddrByDefault) {
		set = append(set, func() error { return platform.SetReuseAddr(fd, true) })
	}
	if c.ReusePort {
		set = append(set, func() error { return platform.SetReusePort(fd, true) })
	}
	if c.KeepAlive {
		set = append(set, func() error { return platform.SetKeepAlive(fd, true) })
	}
	if a.Family() == syscall.AF_INET6 {
		set = append(set, func() error { return platform.SetIPv6Only(fd, true) })
	}
	for _, option := range set {
		if err := option(); err != nil {
			return syscallError("setsockopt", err)
		}
	}
	return nil
}

func listenError(network string, a net.Addr, err error) error {
	return &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
}
