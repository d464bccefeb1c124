// Command echo is a server that sends back whatever it receives.
//
//	go run ./examples/echo            # then: nc 127.0.0.1 8888
//	go run ./examples/echo -check     # serve, try it with real clients, exit
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

type echo struct {
	protocols.Base
	transport protocols.Transport
}

func (e *echo) ConnectionMade(t protocols.Transport) { e.transport = t }
func (e *echo) DataReceived(data []byte)             { e.transport.Write(data) }

func serveStreams(ctx context.Context, loop *eventloop.Loop, network, address string, cfg *eventloop.ServerConfig) (string, error) {
	newEcho := func() protocols.Protocol { return &echo{} }
	server, err := loop.CreateServer(newEcho, network, address, cfg).Await(ctx)
	if err != nil {
		return "", err
	}
	return server.Addrs()[0].String(), nil
}

func main() {
	o := parseOptions()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.check {
		os.Exit(check(ctx, o))
	}
	if err := eventloop.Run(ctx, o.serve); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
