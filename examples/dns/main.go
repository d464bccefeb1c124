// Command dns answers questions about a few names from its command line, over
// UDP:
//
//	go run ./examples/dns -udp 127.0.0.1:5353 www.example=192.0.2.1 www.example=2001:db8::1
//	dig @127.0.0.1 -p 5353 www.example AAAA
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// responder answers each datagram with one.
type responder struct {
	protocols.DatagramBase
	zone      zone
	transport protocols.DatagramTransport
}

func (r *responder) ConnectionMade(t protocols.DatagramTransport) { r.transport = t }

func (r *responder) DatagramReceived(question []byte, from net.Addr) {
	if answer := r.zone.answer(question); answer != nil {
		r.transport.SendTo(answer, from)
	}
}

func serve(ctx context.Context, loop *eventloop.Loop, address string, z zone) error {
	factory := func() protocols.DatagramProtocol { return &responder{zone: z} }
	endpoint, err := loop.CreateDatagramEndpoint(factory, &eventloop.DatagramConfig{LocalAddr: address}).Await(ctx)
	if err != nil {
		return err
	}
	fmt.Println("answering on", endpoint.Transport.LocalAddr())
	_, err = eventloop.NewFuture[struct{}](loop).Await(ctx)
	return err
}

// selectorLoop is the kind of loop that has datagrams on every system: the
// default one of Windows has none.
func selectorLoop() (*eventloop.Loop, error) { return eventloop.NewSelectorLoop(nil) }

func main() {
	log.SetFlags(0)
	log.SetPrefix("dns: ")
	address := flag.String("udp", "127.0.0.1:5353", "answer on this `address`")
	flag.Parse()
	z, err := parseZone(flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: selectorLoop})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = eventloop.Run(ctx, func(ctx context.Context, loop *eventloop.Loop) error {
		return serve(ctx, loop, *address, z)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
