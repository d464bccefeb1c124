//go:build unix

package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// ahead is how many scenarios are under way at once: most of them wait most of
// the time, but the big ones compete for the processor.
const ahead = 4

// A batch runs the driver for scenarios in the order in which the specs will ask
// for them, a few ahead of the one that is asked for. Every scenario is run at
// most once, and only those near one that was asked for: a focused spec does
// not pay for all.
type batch struct {
	ctx     context.Context
	command string
	goldens string
	names   []string
	started map[string]*outcome
	running sync.WaitGroup
}

// outcome is what the driver printed and how it ended.
type outcome struct {
	done   chan struct{}
	output string
	err    error
}

func newBatch(ctx context.Context, command, goldens string, names []string) *batch {
	return &batch{ctx: ctx, command: command, goldens: goldens, names: names, started: make(map[string]*outcome)}
}

// of returns the outcome of a scenario, under way or over.
func (b *batch) of(name string) *outcome {
	at := slices.Index(b.names, name)
	for _, next := range b.names[at:min(at+ahead, len(b.names))] {
		b.start(next)
	}
	return b.started[name]
}

func (b *batch) start(name string) {
	if b.started[name] != nil {
		return
	}
	o := &outcome{done: make(chan struct{})}
	b.started[name] = o
	b.running.Go(func() {
		defer close(o.done)
		o.output, o.err = drive(b.ctx, "--cmd", b.command, "--golden", b.goldens, name)
	})
}

// drive runs driver.py. Its output holds a diff of every trace that is not like
// its golden, and what the tracer wrote to its standard error.
func drive(ctx context.Context, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "python3", append([]string{"driver.py"}, args...)...)
	cmd.Env = append(os.Environ(), "TRACE_SHOW_STDERR=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// quoted makes a path one word of the driver's command line, which is split as a
// shell would.
func quoted(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'"'"'`) + "'"
}
