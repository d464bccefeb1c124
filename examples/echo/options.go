package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/tidemill-go/tidemill/eventloop"
)

// options are what the command line says.
type options struct {
	tcp, tls, udp, unix string
	cert, key           string
	stdio               bool
	style               style
	loop, selector      string
	json, check         bool
	named               bool         // some transport was named
	ready               func(*hello) // called once all is served
}

const defaultPort = "127.0.0.1:8888"

func parseOptions() *options {
	o := &options{style: byProtocol}
	flag.StringVar(&o.tcp, "tcp", "", "serve TCP on this `address`")
	flag.StringVar(&o.tls, "tls", "", "serve TLS on this `address`")
	flag.StringVar(&o.cert, "cert", "", "`file` with the certificate of -tls, in PEM (default: one made for this run)")
	flag.StringVar(&o.key, "key", "", "`file` with its key")
	flag.StringVar(&o.udp, "udp", "", "serve UDP on this `address`")
	flag.StringVar(&o.unix, "unix", "", "serve a Unix socket at this `path`, or abstract @name")
	flag.BoolVar(&o.stdio, "stdio", false, "echo stdin to stdout")
	flag.Func("style", "how -tcp, -tls and -unix are served: `protocol`, by callbacks, or streams, by a task per connection;\n-udp and -stdio are always served by callbacks (default protocol)", o.chooseStyle)
	flag.StringVar(&o.loop, "loop", "", "`kind` of loop: selector or proactor (default: the platform's)")
	flag.StringVar(&o.selector, "selector", "", "the selector loop's `mechanism`: epoll, poll, select or kqueue (default: the best)")
	flag.BoolVar(&o.json, "json", false, "print one line of JSON with the real addresses when ready")
	flag.BoolVar(&o.check, "check", false, "send 1 MiB through every transport, compare, print a table, exit with 0 or 1")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "echo serves what is named; without a name, TCP and UDP on %s and a Unix socket in a temporary folder.\n", defaultPort)
		flag.PrintDefaults()
	}
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("echo: ")
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	o.nameDefaults()
	o.ready = o.announce
	if err := o.choosePolicy(); err != nil {
		log.Fatal(err)
	}
	return o
}

// nameDefaults names what is served when nothing is: the Unix socket's folder is
// made when it is served.
func (o *options) nameDefaults() {
	o.named = o.tcp != "" || o.tls != "" || o.udp != "" || o.unix != "" || o.stdio
	switch {
	case o.named:
	case o.check:
		o.tcp, o.tls, o.udp = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	default:
		o.tcp, o.udp = defaultPort, defaultPort
	}
}

// choosePolicy makes Run use the kind of loop that was asked for.
func (o *options) choosePolicy() error {
	selector := func() (*eventloop.Loop, error) {
		return eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: o.selector})
	}
	proactor := func() (*eventloop.Loop, error) { return eventloop.NewProactorLoop(nil) }
	switch {
	case o.loop == "proactor" && o.selector != "":
		return fmt.Errorf("-selector %s does not go with -loop proactor", o.selector)
	case o.loop == "proactor":
		eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: proactor})
	case o.loop == "selector" || o.loop == "" && o.selector != "":
		eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: selector})
	case o.loop != "":
		return fmt.Errorf("-loop %s: neither selector nor proactor", o.loop)
	}
	return nil
}
