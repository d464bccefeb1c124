package streams_test

import (
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

var tlsPair = sync.OnceValues(func() (server, client *tls.Config) {
	pki := conformance.NewPKI()
	server = &tls.Config{Certificates: []tls.Certificate{pki.Issue(time.Time{}, "localhost")}}
	return server, &tls.Config{RootCAs: pki.Pool, ServerName: "localhost"}
})

// TestConnTLS is TestConn over transports of TLS.
func TestConnTLS(t *testing.T) {
	for _, kind := range looptest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				server, client := tlsPair()
				return pipe(kind, "tcp", "127.0.0.1:0",
					&streams.ListenConfig{Server: eventloop.ServerConfig{TLS: server}},
					&streams.DialConfig{Connection: eventloop.ConnectionConfig{TLS: client}})
			})
		})
	}
}
