package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/tidemill-go/tidemill/eventloop"
)

// options are what the command line says.
type options struct {
	tcp      string
	loop     string
	selector string
	json     bool
	check    bool
	ready    func(*eventloop.Server) // called once the server listens
}

func parseOptions() *options {
	o := &options{}
	flag.StringVar(&o.tcp, "tcp", "127.0.0.1:8888", "serve TCP on this `address`; with -check a free port is the default")
	flag.StringVar(&o.loop, "loop", "", "`kind` of loop: selector or proactor (default: the platform's)")
	flag.StringVar(&o.selector, "selector", "", "the selector loop's `mechanism`: epoll, poll, select or kqueue (default: the best)")
	flag.BoolVar(&o.json, "json", false, "print one line of JSON with the real addresses when ready")
	flag.BoolVar(&o.check, "check", false, "send 1 MiB through every transport, compare, print a table, exit with 0 or 1")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("echo: ")
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	if o.check && !given("tcp") {
		o.tcp = "127.0.0.1:0"
	}
	o.ready = o.announce
	if err := o.choosePolicy(); err != nil {
		log.Fatal(err)
	}
	return o
}

func given(name string) (found bool) {
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
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

// announce says where the server listens.
func (o *options) announce(s *eventloop.Server) {
	if !o.json {
		fmt.Println("listening on", s.Addrs())
		return
	}
	line := struct {
		PID  int    `json:"pid"`
		Loop string `json:"loop"`
		TCP  string `json:"tcp"`
	}{os.Getpid(), s.Loop().Kind(), s.Addrs()[0].String()}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		log.Fatal(err)
	}
}
