package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

func certificate(x *trace.X, file string) string { return filepath.Join(x.Env.Certs, file) }

// serverTLS has the driver's certificate, for localhost.
func serverTLS(x *trace.X) *tls.Config {
	pair := trace.Must(tls.LoadX509KeyPair(certificate(x, "server.pem"), certificate(x, "server.key")))
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// clientTLS trusts the driver's authority, or nobody.
func clientTLS(x *trace.X, name string, trusting bool) *tls.Config {
	pool := x509.NewCertPool()
	if trusting {
		pool.AppendCertsFromPEM(trace.Must(os.ReadFile(certificate(x, "ca.pem"))))
	}
	return &tls.Config{RootCAs: pool, ServerName: name}
}

// secure makes a scenario that begins with a TLS server with these hooks.
func secure(hooks trace.Hooks, then func(*trace.X)) func(*trace.X) {
	return func(x *trace.X) {
		x.ServeWith(x.Factory(hooks), &eventloop.ServerConfig{TLS: serverTLS(x)})
		then(x)
	}
}

func one(x *trace.X) { x.Lost(1) }

func afterStep(x *trace.X) {
	x.Step()
	x.Settle()
}

// security is about TLS.
var security = []trace.Scenario{{
	Name: "tls_bad_handshake",
	Doc:  "Garbage instead of a handshake: the factory ran, ConnectionMade and ConnectionLost never come.",
	Run:  secure(trace.Hooks{}, afterStep),
}, {
	Name: "tls_handshake_timeout",
	Doc:  "A silent client: after the handshake's timeout the connection is dropped without any callback.",
	Run: func(x *trace.X) {
		x.ServeWith(x.Factory(trace.Hooks{}), &eventloop.ServerConfig{TLS: serverTLS(x), HandshakeTimeout: 200 * ms})
		afterStep(x)
	},
}, {
	Name: "tls_truncated",
	Doc:  "An end of TCP without close_notify: EOFReceived and ConnectionLost(nil) all the same.",
	Run:  secure(trace.Hooks{Data: echo}, one),
}, {
	Name: "tls_eof_true",
	Doc:  "EOFReceived returning true has no effect over TLS apart from a warning.",
	Logs: true,
	Run:  secure(trace.Hooks{EOF: keepOpen}, one),
}, {
	Name: "tls_rst",
	Doc:  "A reset under TLS: ConnectionLost(ECONNRESET), no EOFReceived.",
	Run:  secure(trace.Hooks{Data: echo}, one),
}, {
	Name: "tls_abort",
	Doc:  "Abort over TLS: no close_notify, the buffer is dropped, ConnectionLost(nil) later.",
	Run: secure(trace.Hooks{Made: writeBig}, func(x *trace.X) {
		x.Step()
		x.Streams[0].Abort()
		x.Mark("after abort")
		x.Lost(1)
	}),
}, {
	Name: "tls_data_after_close",
	Doc:  "Data that arrives after Close is not delivered, and the connection ends with an error of TLS.",
	Run:  secure(trace.Hooks{Data: closeIt}, one),
}, {
	Name: "tls_start_tls_server",
	Doc:  "A plain connection is upgraded: no second ConnectionMade, the protocol goes on over the new transport.",
	Run: func(x *trace.X) {
		var received int
		x.TCP(trace.Hooks{Data: func(p *trace.Stream, data []byte) {
			if _, secure := p.T.ConnectionState(); secure {
				echo(p, data)
			}
			received += len(data)
		}})
		x.Until(func() bool { return received > 0 })
		p := x.Streams[0]
		p.Write([]byte("go"))
		t, err := x.Loop.StartTLS(p.T, p, serverTLS(x), &eventloop.StartTLSConfig{Server: true}).Await(x.Context())
		x.Waited("start_tls", nil, err)
		p.T = t
		x.Emit("extra", trace.Fields{"sslcontext": t.ExtraInfo("tls.Config") != nil})
		x.Lost(1)
	},
}, {
	Name: "tls_client_verify",
	Doc:  "The client's side: trusted and matching, a wrong host name, an issuer that is not trusted.",
	Run: func(x *trace.X) {
		x.Ready()
		connectTo := func(name string, trusting bool) (eventloop.Connection, error) {
			return connect(x, local(x.Env.PeerPort), &eventloop.ConnectionConfig{TLS: clientTLS(x, name, trusting)})
		}
		c := trace.Must(connectTo("localhost", true))
		x.Mark("connected")
		must(c.Transport.Close())
		x.Lost(1)
		_, err := connectTo("example.org", true)
		x.Waited("create_connection", trace.Fields{"what": "wrong name"}, err)
		_, err = connectTo("localhost", false)
		x.Waited("create_connection", trace.Fields{"what": "untrusted"}, err)
	},
}}
