// Command tracer is Tidemill's side of the trace scenarios: it runs one of them
// on a loop of the chosen kind and traces to standard output what happens.
//
//	tracer [-loop epoll|poll|select|kqueue|io_uring|iocp] [-watcher pidfd|kqueue|goroutine|safe|fast] SCENARIO
//	tracer --list
//	tracer -sh SCRIPT
//
// The last is a child of the scenarios, where there is no /bin/sh.
//
// It is driven by ../driver.py; ../README.md describes the interface.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/internal/sh"
)

// groups are all scenarios, in the order of the reference server.
var groups = []trace.Group{
	{Name: "tcp", Logs: true, Scenarios: tcp},
	{Name: "client", Scenarios: client},
	{Name: "server", Scenarios: server},
	{Name: "unix", Scenarios: unix},
	{Name: "sched", Scenarios: sched},
	{Name: "fd", Scenarios: fd},
	{Name: "udp", Scenarios: udp},
	{Name: "pipe", Scenarios: pipe},
	{Name: "process", Scenarios: process},
	{Name: "streams", Scenarios: streamed},
	{Name: "signal", Scenarios: signal},
	{Name: "tls", Scenarios: security},
	{Name: "misc", Scenarios: misc},
}

const usage = "usage: tracer [-loop KIND] [-watcher NAME] SCENARIO | tracer --list | tracer -sh SCRIPT"

// The exit statuses; a scenario that is stuck ends with another one.
const (
	failed   = 1
	misused  = 2
	finished = 0
)

func main() {
	os.Exit(program())
}

func program() int {
	kind := flag.String("loop", "", "the loop's `kind`: epoll, poll, select, kqueue, io_uring, iocp; empty for the system's best")
	watcher := flag.String("watcher", "", "the child watcher's `name`: pidfd, kqueue, goroutine, safe, fast; empty for the policy's")
	list := flag.Bool("list", false, "print a JSON object per scenario: name, group, doc")
	script := flag.String("sh", "", "be a child that does what a `script` says")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if *list && flag.NArg() == 0 {
		trace.List(trace.NewTracer(os.Stdout), groups)
		return finished
	}
	if *script != "" && !*list && flag.NArg() == 0 {
		return child(*script)
	}
	scenario, found := trace.Find(groups, flag.Arg(0))
	if *list || flag.NArg() != 1 || !found {
		flag.Usage()
		return misused
	}
	if err := perform(scenario, *kind, *watcher); err != nil {
		fmt.Fprintln(os.Stderr, "tracer:", err)
		return failed
	}
	return finished
}

func child(script string) (status int) {
	shell := sh.Shell{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Background: []string{os.Args[0], "-sh"}}
	return shell.Run(script)
}

// perform leaves the loop and its connections open: the trace is over, and the
// process ends at once.
func perform(scenario trace.Scenario, kind, watcher string) error {
	env, err := trace.ReadEnv(os.Getenv)
	if err != nil {
		return err
	}
	return trace.Run(scenario, trace.Config{
		Selector: kind,
		Watcher:  watcher,
		Events:   os.Stdout,
		Steps:    os.Stdin,
		Log:      os.Stderr,
		Env:      env,
	})
}
