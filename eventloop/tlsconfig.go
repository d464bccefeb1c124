package eventloop

import (
	"crypto/tls"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// tlsSettings are what the configurations of servers, connections and StartTLS
// say of TLS.
type tlsSettings struct {
	config              *tls.Config // nil: no TLS
	server              bool
	serverName          string // of a client, if the config has none
	handshake, shutdown time.Duration
	inExecutor          bool
}

// check refuses what crypto/tls would refuse at the first handshake only.
func (s *tlsSettings) check() error {
	switch {
	case s.handshake < 0:
		return invalid("HandshakeTimeout of %v", s.handshake)
	case s.shutdown < 0:
		return invalid("ShutdownTimeout of %v", s.shutdown)
	case s.config == nil && (s.handshake > 0 || s.shutdown > 0 || s.inExecutor):
		return invalid("settings of a handshake without TLS")
	case s.config == nil:
		return nil
	case s.server:
		return checkServerTLS(s.config)
	case s.config.ServerName == "" && s.serverName == "" && !s.config.InsecureSkipVerify:
		return invalid("TLS without a host needs a ServerName")
	}
	return nil
}

func checkServerTLS(c *tls.Config) error {
	if len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
		return invalid("TLS of a server without a certificate")
	}
	return nil
}

// refusal is what the platform has against TLS.
func (s *tlsSettings) refusal(table platform.Table, op platform.Operation) error {
	if s.config == nil {
		return nil
	}
	return table.Check(op)
}

// own clones the config, once for all connections: a server's tickets are good for
// the next one only if that has the same config. A client's gets its server's
// name, and no renegotiation, which would have to wait inside a read (contract
// N36).
func (s *tlsSettings) own() {
	if s.config == nil {
		return
	}
	c := s.config.Clone()
	if !s.server {
		c.Renegotiation = tls.RenegotiateNever
		if c.ServerName == "" {
			c.ServerName = s.serverName
		}
	}
	s.config = c
}

// transport is how a TLS begins.
func (s *tlsSettings) transport(marks protocols.Watermarks) transports.TLSConfig {
	return transports.TLSConfig{
		Config: s.config, Server: s.server,
		HandshakeTimeout: s.handshake, ShutdownTimeout: s.shutdown, InExecutor: s.inExecutor,
		WriteBufferLimits: marks,
	}
}
