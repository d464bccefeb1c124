package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
)

// hello is what -json prints: where each transport is served.
type hello struct {
	PID  int    `json:"pid"`
	Loop string `json:"loop"`
	TCP  string `json:"tcp,omitempty"`
	TLS  string `json:"tls,omitempty"`
	UDP  string `json:"udp,omitempty"`
	Unix string `json:"unix,omitempty"`

	certificate tls.Certificate
	refused     []error
	ended       *eventloop.Future[struct{}] // of -stdio
}

// serve serves until ctx or stdin ends; what is buffered then still goes out.
func (o *options) serve(ctx context.Context, loop *eventloop.Loop) error {
	h := &hello{PID: os.Getpid(), Loop: loop.Kind(), ended: eventloop.NewFuture[struct{}](loop)}
	var err error
	if h.certificate, err = o.certificate(); err != nil {
		return err
	}
	remove, err := o.folder()
	if err != nil {
		return err
	}
	defer remove()
	if err := o.serveAll(ctx, loop, h); err != nil {
		return err
	}
	o.ready(h)
	_, err = h.ended.Await(ctx)
	return err
}

// folder makes room for a Unix socket that was not named.
func (o *options) folder() (remove func(), err error) {
	if o.named {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "echo-")
	if err != nil {
		return nil, err
	}
	o.unix = filepath.Join(dir, "echo.sock")
	return func() { os.RemoveAll(dir) }, nil
}

// serveAll starts every transport that is asked for. One that the platform
// refuses is an error if it was named, and noted if not.
func (o *options) serveAll(ctx context.Context, loop *eventloop.Loop, h *hello) error {
	plain := &eventloop.ServerConfig{}
	secure := &eventloop.ServerConfig{TLS: &tls.Config{Certificates: []tls.Certificate{h.certificate}}}
	for _, t := range []struct {
		address string
		real    *string
		start   func(address string) (string, error)
	}{
		{o.tcp, &h.TCP, func(a string) (string, error) { return o.serveStream(ctx, loop, "tcp", a, plain) }},
		{o.tls, &h.TLS, func(a string) (string, error) { return o.serveStream(ctx, loop, "tcp", a, secure) }},
		{o.udp, &h.UDP, func(a string) (string, error) { return serveDatagrams(ctx, loop, "udp", a) }},
		{o.unix, &h.Unix, func(a string) (string, error) { return o.serveStream(ctx, loop, "unix", a, plain) }},
	} {
		if t.address == "" {
			continue
		}
		var unsupported *platform.UnsupportedError
		switch real, err := t.start(t.address); {
		case err == nil:
			*t.real = real
		case errors.As(err, &unsupported) && !o.named:
			h.refused = append(h.refused, err)
		default:
			return err
		}
	}
	if !o.stdio {
		return nil
	}
	return serveStdio(ctx, loop, func() { h.ended.SetResult(struct{}{}) })
}

// announce says what is served where, and what was refused and why. With -stdio
// stdout belongs to the echo.
func (o *options) announce(h *hello) {
	to := os.Stdout
	if o.stdio {
		to = os.Stderr
	}
	if o.json {
		line, _ := json.Marshal(h)
		fmt.Fprintf(to, "%s\n", line)
		return
	}
	for _, t := range h.transports() {
		fmt.Fprintln(to, "listening on", t.network, t.address)
	}
	for _, err := range h.refused {
		fmt.Fprintln(to, "refused:", err)
	}
}

type served struct{ network, address string }

func (h *hello) transports() (all []served) {
	for _, t := range []served{{"tcp", h.TCP}, {"tls", h.TLS}, {"udp", h.UDP}, {"unix", h.Unix}} {
		if t.address != "" {
			all = append(all, t)
		}
	}
	return all
}
