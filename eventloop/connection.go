package eventloop

import (
	"crypto/tls"
	"io"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// ConnectionConfig says how to connect. Its zero value works.
type ConnectionConfig struct {
	// HappyEyeballsDelay is how long an attempt has for itself before the next
	// address is tried beside it (RFC 8305). Zero means 250 ms; negative means
	// for ever: one address after the other, as asyncio does by default.
	HappyEyeballsDelay time.Duration

	// Interleave is how many addresses of the first family come first before
	// the families alternate. Zero means 1, or the resolver's order if
	// HappyEyeballsDelay is negative; negative means the resolver's order.
	Interleave int

	// LocalAddr is what the socket is bound to before it connects: "host:port",
	// a path or an abstract name. A name may mean several addresses: the first
	// of the remote one's family that can be bound is taken. The file of a path
	// is the caller's to remove.
	LocalAddr string

	// Socket is a connected socket, in place of all addresses: a net.Conn, an
	// *os.File, or anything else that is a syscall.Conn. It must be a stream
	// socket of the network. It belongs to the transport unless the future has
	// failed at once: it is duplicated and closed, also if the rest fails.
	Socket io.Closer

	// TLS makes the connection secure: the future waits for the handshake, and so
	// does ConnectionMade, which is not called if it fails. The config is cloned.
	// Without a ServerName it is the host of the address; a Unix socket and a given
	// Socket have none, and need one unless InsecureSkipVerify is set. The callbacks
	// run on the loop's goroutine, in a coroutine that is no task.
	TLS *tls.Config

	// HandshakeTimeout is how long the peer may take for the handshake, and
	// ShutdownTimeout how long to answer the close_notify of Close without taking
	// any output meanwhile. Zero means 60 s and 30 s; negative is refused, and so
	// are both without TLS.
	HandshakeTimeout time.Duration
	ShutdownTimeout  time.Duration

	// HandshakeInExecutor runs the handshake on a goroutine of the executor: for a
	// tls.Config whose callbacks block.
	HandshakeInExecutor bool

	// WriteBufferLimits are the first marks of the transport. The zero value
	// means the defaults.
	WriteBufferLimits protocols.Watermarks

	// Resolver looks host and service names up. Nil means net.DefaultResolver.
	Resolver Resolver
}

func (c *ConnectionConfig) secure() tlsSettings {
	return tlsSettings{
		config:    c.TLS,
		handshake: c.HandshakeTimeout, shutdown: c.ShutdownTimeout, inExecutor: c.HandshakeInExecutor,
	}
}

// defaultDelay is RFC 8305's Connection Attempt Delay.
const defaultDelay = 250 * time.Millisecond

// Connection is a transport and the protocol that was made for it.
type Connection struct {
	Transport protocols.Transport
	Protocol  protocols.Protocol
}

// CreateConnection connects and then calls factory; it is done when
// ConnectionMade has returned, before the first byte is received. For the
// networks "tcp", "tcp4" and "tcp6" address is "host:port", an empty host the
// loopback; the addresses of a name are tried as ConnectionConfig says, and the
// first that connects wins. For "unix" it is a path, or an abstract name that
// begins with '@'; while the server's queue is full, it tries again. With a
// ConnectionConfig.Socket address is empty. Cancelling closes what was opened.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; *net.OpError around an error about a nil factory, os.ErrInvalid,
// net.UnknownNetworkError, *net.AddrError or *net.DNSError for the arguments, or
// around the errno; *ConnectError if several addresses were tried;
// protocols.ErrInvalidWatermarks; ErrLoopClosed; *PanicError if factory panics;
// with TLS those of a handshake, see StartTLS. Any goroutine.
func (l *Loop) CreateConnection(factory func() protocols.Protocol, network, address string, cfg *ConnectionConfig) *Future[Connection] {
	c := newConnector(l, factory, network, cfg)
	if err := c.refusal(address); err != nil {
		return failed[Connection](l, err)
	}
	if err := c.check(address); err != nil {
		return failed[Connection](l, c.opError(nil, nil, err))
	}
	if c.given != nil {
		return submitOwning(l, c.given.owner, c.begin)
	}
	return submit(l, c.begin)
}

// ConnectAcceptedSocket makes a transport of a connection that was accepted
// elsewhere: a net.Conn, an *os.File, or anything else that is a syscall.Conn, a
// stream socket of TCP or Unix. It belongs to the transport unless the future
// has failed at once: it is duplicated and closed, also if the rest fails. Of the
// configuration only WriteBufferLimits and what concerns TLS are used, where this
// is the server's side; it may be nil. Order of calls and errors are
// CreateConnection's.
func (l *Loop) ConnectAcceptedSocket(factory func() protocols.Protocol, conn io.Closer, cfg *ConnectionConfig) *Future[Connection] {
	if err := l.table.Check(platform.ConnectAcceptedSocket); err != nil {
		return failed[Connection](l, err)
	}
	c := newConnector(l, factory, "", nil)
	c.op = "accept"
	if cfg != nil {
		c.accept(cfg)
	}
	if err := c.tls.refusal(l.table, platform.TLS); err != nil {
		return failed[Connection](l, err)
	}
	if c.cfg.Socket = conn; conn == nil {
		return failed[Connection](l, c.opError(nil, nil, invalid("nil connection")))
	}
	if err := c.check(""); err != nil {
		return failed[Connection](l, c.opError(nil, nil, err))
	}
	return submitOwning(l, conn, c.begin)
}

// Connect is CreateConnection for a protocol of a known type.
func Connect[P protocols.Protocol](l *Loop, newP func() P, network, address string, cfg *ConnectionConfig) *Future[P] {
	f := l.CreateConnection(protocols.Factory(newP), network, address, cfg)
	return then(l, f, func(out *Future[P], c Connection) { out.Deliver(c.Protocol.(P), c.Transport.Abort) })
}
