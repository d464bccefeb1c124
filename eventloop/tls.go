package eventloop

import (
	"crypto/tls"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// StartTLSConfig says how to upgrade. Its zero value is a client's; see
// ServerConfig and ConnectionConfig for what the fields have in common with
// theirs.
type StartTLSConfig struct {
	// Server makes this the side that is connected to.
	Server bool

	// ServerName is whom a client expects, if the tls.Config does not say.
	ServerName string

	// HandshakeTimeout and ShutdownTimeout are how long the peer may take. Zero
	// means 60 s and 30 s; negative is refused.
	HandshakeTimeout time.Duration
	ShutdownTimeout  time.Duration

	// HandshakeInExecutor is for a tls.Config whose callbacks block.
	HandshakeInExecutor bool

	// WriteBufferLimits are the first marks. The zero value means those of the
	// transport.
	WriteBufferLimits protocols.Watermarks
}

// StartTLS upgrades a live transport: a stream of TCP or of a Unix socket, or one
// of TLS, over which a second one goes. The future's value is a new transport,
// and p is its protocol, as a rule the one that the old transport has; there is
// no second ConnectionMade. The old transport must not be used any more.
//
// Clear text that is buffered is sent first; if p was paused because of it, the
// new transport resumes it. What p was handed before the call is clear text,
// everything after it belongs to TLS: a peer that sends both together ends the
// handshake, and nothing is smuggled into the secure part. What comes with the
// last message of the handshake is held back until the caller knows.
//
// A handshake that fails, times out, or is given up by cancelling the future
// closes the transport, and p hears ConnectionLost, with nil only for a
// cancellation.
//
// The config is not changed. A server's is used as it is, so that tickets of one
// connection are good for the next; do not change it either. A client's is cloned.
//
// The future fails with: *platform.UnsupportedError, before anything is looked
// at; os.ErrInvalid for nil arguments, a negative timeout, a server without a
// certificate, a client without a ServerName, or a transport that can not be
// upgraded; protocols.ErrInvalidWatermarks; ErrInvalidState for a transport that
// is closing, has ended its output or sends a file; all these leave the transport
// as it is. Then with a *net.OpError of Op "handshake" around
// *tls.CertificateVerificationError, tls.RecordHeaderError, another error of
// crypto/tls, ECONNRESET if the peer hangs up, or ECONNABORTED and
// os.ErrDeadlineExceeded after the timeout. Any goroutine.
func (l *Loop) StartTLS(t protocols.Transport, p protocols.Protocol, cfg *tls.Config, opts *StartTLSConfig) *Future[protocols.Transport] {
	if err := l.table.Check(platform.StartTLS); err != nil {
		return failed[protocols.Transport](l, err)
	}
	var o StartTLSConfig
	if opts != nil {
		o = *opts
	}
	s := &tlsSettings{
		config: cfg, server: o.Server, serverName: o.ServerName,
		handshake: o.HandshakeTimeout, shutdown: o.ShutdownTimeout, inExecutor: o.HandshakeInExecutor,
	}
	if err := s.checkStart(t, p); err != nil {
		return failed[protocols.Transport](l, err)
	}
	if _, err := o.WriteBufferLimits.Resolve(); err != nil {
		return failed[protocols.Transport](l, err)
	}
	if !s.server {
		s.own()
	}
	return submit(l, func(f *Future[protocols.Transport]) { s.start(l, f, t, p, o.WriteBufferLimits) })
}

func (s *tlsSettings) checkStart(t protocols.Transport, p protocols.Protocol) error {
	switch {
	case t == nil:
		return invalid("StartTLS on a nil transport")
	case p == nil:
		return invalid("StartTLS for a nil protocol")
	case s.config == nil:
		return invalid("StartTLS with a nil tls.Config")
	case !transports.CanUpgradeTLS(t):
		return invalid("a %T can not be upgraded to TLS", t)
	}
	return s.check()
}

func (s *tlsSettings) start(l *Loop, f *Future[protocols.Transport], t protocols.Transport, p protocols.Protocol, marks protocols.Watermarks) {
	cfg := s.transport(marks)
	cfg.Made = func(t *transports.TLS) {
		f.OnCancel(nil)
		f.Deliver(t, t.Abort)
	}
	cfg.Failed = func(err error) { f.SetError(err) }
	secure, err := transports.UpgradeTLS((*host)(l), t, p, cfg)
	if err != nil {
		f.SetError(err)
		return
	}
	f.OnCancel(secure.Abort)
}

// secured is the factory of a server's lower protocols.
func (s *Server) secured() func() protocols.Protocol {
	if s.tls.config == nil {
		return s.factory
	}
	cfg := s.tls.transport(s.cfg.WriteBufferLimits)
	return func() protocols.Protocol {
		p := s.factory()
		if p == nil {
			return nil
		}
		t, err := transports.NewTLS((*host)(s.loop), p, cfg)
		if err != nil {
			panic(err) // of the marks, which are checked
		}
		return t.Lower()
	}
}

// secure makes the protocol of a connection's transport, and has the call wait
// for the handshake if there is to be one.
func (c *connector) secure(p protocols.Protocol) (protocols.Protocol, *transports.Hooks, error) {
	if c.tls.config == nil {
		return p, &transports.Hooks{Made: func(s *transports.Stream) { c.made(s) }}, nil
	}
	cfg := c.tls.transport(c.cfg.WriteBufferLimits)
	cfg.Made = func(t *transports.TLS) {
		c.result.OnCancel(nil)
		c.made(t)
	}
	cfg.Failed = func(err error) { c.result.SetError(err) }
	t, err := transports.NewTLS((*host)(c.loop), p, cfg)
	if err != nil {
		return nil, nil, err
	}
	c.result.OnCancel(t.Abort)
	return t.Lower(), nil, nil
}
