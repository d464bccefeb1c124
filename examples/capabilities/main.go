// Command capabilities prints what the loops of an operating system can do, each
// refusal with its reason and what to use instead.
//
//	capabilities                              this machine, asked live
//	capabilities -os windows                  another system, from the tables
//	capabilities -os darwin -version 10.8     an old release of it
//	capabilities -loop epoll -json            one kind of loop, for programs
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tidemill-go/tidemill/platform"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit status: 0, 1 if printing fails, 2 for what was asked
// wrongly.
func run(args []string, stdout, stderr io.Writer) int {
	q, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "capabilities:", err)
		return 2
	}
	if err := q.print(stdout); err != nil {
		fmt.Fprintln(stderr, "capabilities:", err)
		return 1
	}
	return 0
}

// A query is what the command line asks for.
type query struct {
	os, version, loop string
	json              bool
}

// parse prints the usage to help if that is asked for, and otherwise nothing.
func parse(args []string, help io.Writer) (query, error) {
	var q query
	flags := flag.NewFlagSet("capabilities", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&q.os, "os", "", "system: "+strings.Join(platform.Systems(), ", ")+" (default: this one)")
	flags.StringVar(&q.version, "version", "", "release of the system (default: this machine's, or the newest)")
	flags.StringVar(&q.loop, "loop", "", "kind of loop (default: all that the system has)")
	flags.BoolVar(&q.json, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(help)
			flags.Usage()
		}
		return query{}, err
	}
	if flags.NArg() > 0 {
		return query{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return q, q.check()
}

// check asks a table of the target whether there is such a target at all:
// scheduling callbacks is refused for no other reason.
func (q *query) check() error {
	if q.os == "" {
		q.os = platform.For(platform.Target{}).Target().OS
	}
	if !slices.Contains(platform.Systems(), q.os) {
		return fmt.Errorf("unknown system %q: one of %s", q.os, strings.Join(platform.Systems(), ", "))
	}
	loops := platform.Loops(q.os)
	if q.loop != "" && !slices.Contains(loops, q.loop) {
		return fmt.Errorf("%s has no %q loop: one of %s", q.os, q.loop, strings.Join(loops, ", "))
	}
	target := platform.Target{OS: q.os, Version: q.version}
	if err := platform.For(target).Check(platform.CallSoon); err != nil {
		return fmt.Errorf("bad version: %w", err)
	}
	return nil
}

func (q query) print(w io.Writer) error {
	if q.json {
		return printJSON(w, q.tables())
	}
	return printText(w, q.tables(), q.live())
}

// live reports whether the tables are about the machine as it is now.
func (q query) live() bool {
	return q.version == "" && q.os == platform.For(platform.Target{}).Target().OS
}

func (q query) tables() []platform.Table {
	loops := platform.Loops(q.os)
	if q.loop != "" {
		loops = []string{q.loop}
	}
	tables := make([]platform.Table, len(loops))
	for i, loop := range loops {
		tables[i] = platform.For(platform.Target{OS: q.os, Version: q.version, Loop: loop})
	}
	return tables
}
