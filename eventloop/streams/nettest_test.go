package streams_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// TestConn is the standard library's own test of what a net.Conn is, on every
// kind of loop.
func TestConn(t *testing.T) {
	for _, kind := range looptest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Run("tcp", func(t *testing.T) {
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					return pipe(kind, "tcp", "127.0.0.1:0", nil, nil)
				})
			})
		})
	}
}

// pipe makes a connection on a loop of its own, which stop closes.
func pipe(kind, network, address string, server *streams.ListenConfig, client *streams.DialConfig) (c1, c2 net.Conn, stop func(), err error) {
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
	a, b, err := connect(loop, network, address, server, client)
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

func connect(loop *eventloop.Loop, network, address string, server *streams.ListenConfig, client *streams.DialConfig) (c1, c2 *streams.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	l, err := streams.Listen(ctx, loop, network, address, server)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = l.Close() }()
	if c1, err = streams.Dial(ctx, loop, network, l.Addr().String(), client); err != nil {
		return nil, nil, err
	}
	c2, err = l.AcceptConn(ctx)
	return c1, c2, err
}
