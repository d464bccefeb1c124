// Command echo is a server that sends back whatever it receives.
//
//	go run ./examples/echo            # then: nc 127.0.0.1 8888
//	go run ./examples/echo -check     # serve, try it with real clients, exit
//
// What is served:
//
//	-tcp, -tls, -unix   streams, in the style of -style
//	-udp                datagrams
//	-stdio              stdin, to stdout
//	-cert, -key         the certificate of -tls; without it, one made for this run
//
// How:
//
//	-style protocol     a protocol, whose callbacks the loop calls (the default)
//	-style streams      a task per connection, which reads and writes
//	-loop, -selector    the kind of loop, and how it waits
//	-json               say where, in one line of JSON
//	-check              send 1 MiB through everything with clients beside the loop
//
// Both styles keep the half-close: what came before the end of input is echoed,
// then the connection is closed. They differ in what happens to a client that
// sends and does not read: the protocol keeps all of it in memory, the task waits
// for the client (StreamWriter.Drain) and leaves its input to the kernel, so that
// in the end the client waits too.
//
// The exit status is 1 if something can not be served or a check fails, 2 if the
// command line can not be read, as for a style that there is not.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
)

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
