package main

import (
	"context"
	"errors"

	"github.com/tidemill-go/tidemill/eventloop"
)

// A style makes a server whose connections echo.
type style func(loop *eventloop.Loop, network, address string, cfg *eventloop.ServerConfig) *eventloop.Future[*eventloop.Server]

var styles = map[string]style{"protocol": byProtocol, "streams": byStreams}

// chooseStyle is the value of -style.
func (o *options) chooseStyle(name string) error {
	if o.style = styles[name]; o.style == nil {
		return errors.New("neither protocol nor streams")
	}
	return nil
}

// serveStream serves a stream transport and returns where.
func (o *options) serveStream(ctx context.Context, loop *eventloop.Loop, network, address string, cfg *eventloop.ServerConfig) (string, error) {
	server, err := o.style(loop, network, address, cfg).Await(ctx)
	if err != nil {
		return "", err
	}
	return server.Addrs()[0].String(), nil
}
