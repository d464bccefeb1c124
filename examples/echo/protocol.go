package main

import (
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// echo is the protocol of a connection.
type echo struct {
	protocols.Base
	transport protocols.Transport
}

func (e *echo) ConnectionMade(t protocols.Transport) { e.transport = t }
func (e *echo) DataReceived(data []byte)             { e.transport.Write(data) }

// byProtocol serves each connection by callbacks.
func byProtocol(loop *eventloop.Loop, network, address string, cfg *eventloop.ServerConfig) *eventloop.Future[*eventloop.Server] {
	return loop.CreateServer(func() protocols.Protocol { return &echo{} }, network, address, cfg)
}
