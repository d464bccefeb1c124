// Command chat is a chat of lines, with rooms, for anything that can open a
// connection:
//
//	go run ./examples/chat                       # then: nc 127.0.0.1 8890
//	go run ./examples/chat -tls 127.0.0.1:8891   # then: openssl s_client -quiet -connect 127.0.0.1:8891
//
// Each member is a task that reads its lines and writes to the others. A member
// that does not read is dropped when more than -behind bytes wait for it, and one
// that sends a line of more than -line bytes; nobody else notices. /help tells
// the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// options are what the command line says.
type options struct {
	listen, tls  string
	cert, key    string
	line, behind int
}

func parseOptions() *options {
	log.SetFlags(0)
	log.SetPrefix("chat: ")
	o := &options{}
	flag.StringVar(&o.listen, "listen", "", "serve plain connections on this `address` (default 127.0.0.1:8890 unless there is -tls)")
	flag.StringVar(&o.tls, "tls", "", "serve TLS on this `address`")
	flag.StringVar(&o.cert, "cert", "", "the certificate, a PEM `file` (default: one is made and printed)")
	flag.StringVar(&o.key, "key", "", "its key, a PEM `file`")
	flag.IntVar(&o.line, "line", 1<<10, "the longest line, in `bytes`")
	flag.IntVar(&o.behind, "behind", 256<<10, "how many `bytes` may wait for a member that reads too slowly")
	flag.Parse()
	switch {
	case flag.NArg() > 0:
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	case o.line <= 0 || o.behind <= 0:
		log.Fatal("-line and -behind are numbers of bytes above zero")
	case (o.cert == "") != (o.key == ""):
		log.Fatal("-cert and -key go together")
	case o.cert != "" && o.tls == "":
		log.Fatal("-cert and -key are for -tls")
	case o.listen == "" && o.tls == "":
		o.listen = "127.0.0.1:8890"
	}
	return o
}

// serve runs until ctx ends. The handlers of the members are cancelled by the end
// of eventloop.Run.
func (o *options) serve(ctx context.Context, loop *eventloop.Loop) error {
	h := newHub(o)
	if o.listen != "" {
		if err := o.open(ctx, loop, h, "plain", o.listen, eventloop.ServerConfig{}); err != nil {
			return err
		}
	}
	if o.tls != "" {
		cfg, err := o.security()
		if err != nil {
			return err
		}
		if err := o.open(ctx, loop, h, "tls", o.tls, eventloop.ServerConfig{TLS: cfg}); err != nil {
			return err
		}
	}
	_, err := eventloop.NewFuture[struct{}](loop).Await(ctx)
	return err
}

func (o *options) open(ctx context.Context, loop *eventloop.Loop, h *hub, kind, address string, cfg eventloop.ServerConfig) error {
	server, err := streams.StartServer(loop, h.serve, "tcp", address, &streams.ServeConfig{Server: cfg}).Await(ctx)
	if err != nil {
		return err
	}
	for _, a := range server.Addrs() {
		fmt.Println("listening", kind, a)
	}
	return nil
}

func main() {
	o := parseOptions()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := eventloop.Run(ctx, o.serve); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
