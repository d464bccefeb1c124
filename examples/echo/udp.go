package main

import (
	"context"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

type datagramEcho struct {
	protocols.DatagramBase
	transport protocols.DatagramTransport
}

func (e *datagramEcho) ConnectionMade(t protocols.DatagramTransport) { e.transport = t }
func (e *datagramEcho) DatagramReceived(data []byte, addr net.Addr)  { e.transport.SendTo(data, addr) }

func serveDatagrams(ctx context.Context, loop *eventloop.Loop, network, address string) (string, error) {
	newEcho := func() protocols.DatagramProtocol { return &datagramEcho{} }
	endpoint, err := loop.CreateDatagramEndpoint(newEcho, &eventloop.DatagramConfig{Network: network, LocalAddr: address}).Await(ctx)
	if err != nil {
		return "", err
	}
	return endpoint.Transport.LocalAddr().String(), nil
}
