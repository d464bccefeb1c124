//go:build unix

package streams_test

import (
	"context"
	"crypto/tls"
	"errors"
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
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) { return securePipe(kind) })
		})
	}
}

// securePipe makes a connection of TLS on a loop of its own, which stop closes.
func securePipe(kind string) (c1, c2 net.Conn, stop func(), err error) {
	loop, err := looptest.OfKind(kind, eventloop.SelectorConfig{Debug: true})
	if err != nil {
		return nil, nil, nil, err
	}
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	halt := func() error {
		loop.Stop()
		return errors.Join(<-over, loop.Close())
	}
	a, b, err := secureConnect(loop)
	if err != nil {
		return nil, nil, nil, errors.Join(err, halt())
	}
	return a, b, func() {
		for _, c := range []*streams.Conn{a, b} {
			c.Abort()
			_ = c.WaitClosed(context.Background())
		}
		_ = halt()
	}, nil
}

func secureConnect(loop *eventloop.Loop) (c1, c2 *streams.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	server, client := tlsPair()
	l, err := streams.Listen(ctx, loop, "tcp", "127.0.0.1:0", &streams.ListenConfig{Server: eventloop.ServerConfig{TLS: server}})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = l.Close() }()
	c1, err = streams.Dial(ctx, loop, "tcp", l.Addr().String(), &streams.DialConfig{Connection: eventloop.ConnectionConfig{TLS: client}})
	if err != nil {
		return nil, nil, err
	}
	c2, err = l.AcceptConn(ctx)
	return c1, c2, err
}
