// Command shell serves a shell on a pseudo-terminal over a Unix socket, to its
// owner only, and is the client that goes with it.
//
//	shell -listen PATH            # then, from another terminal:
//	shell -connect PATH           # or: socat -,raw,echo=0 unix:PATH
//
// Its own client passes on the size of its window, at the beginning and whenever
// that changes, and ends as the shell did. The protocol for that is telnet's, and
// it is spoken only if the client has begun to: a client that never sends a byte
// 0xFF sees what the shell prints, byte for byte, and then a line such as
// "exit status 7".
//
// A client that goes away, or ends its half of the connection, hangs the shell
// up, as the end of a terminal line always did.
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
)

func main() {
	listen := flag.String("listen", "", "serve shells on a Unix socket at this `path`")
	connect := flag.String("connect", "", "work in the shell that is served at this `path`")
	shell := flag.String("shell", "/bin/sh", "the `program` to serve")
	selector := flag.String("selector", "", "the loop's `mechanism`: epoll, poll, select or kqueue (default: the best)")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("shell: ")
	if flag.NArg() > 0 || (*listen == "") == (*connect == "") {
		log.Fatal("one of -listen and -connect is wanted, and no argument")
	}
	if *selector != "" {
		eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
			return eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: *selector})
		}})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if *connect != "" {
		os.Exit(work(ctx, *connect))
	}
	s := &server{path: *listen, shell: *shell}
	if err := eventloop.Run(ctx, s.serve); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// outcome is how a shell has ended, in words.
func outcome(code int) string {
	if code < 0 {
		return fmt.Sprintf("signal: %v", syscall.Signal(-code))
	}
	return fmt.Sprintf("exit status %d", code)
}
