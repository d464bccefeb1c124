package main

import (
	"errors"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

// signal is about signal handlers.
var signal = []trace.Scenario{{
	Name: "signal_basic",
	Doc:  "A signal handler runs as a loop callback and wakes an idle loop; remove says whether there was one.",
	Run: func(x *trace.X) {
		over := eventloop.NewFuture[struct{}](x.Loop)
		handle(x, trace.SIGUSR1, nil, x.Marker("SIGUSR1"))
		handle(x, trace.SIGUSR2, nil, func() {
			x.MarkWith("SIGUSR2", trace.Fields{"args": []any{1, "two"}})
			over.SetResult(struct{}{})
		})
		x.Ready()
		trace.Must(over.Await(x.Context()))
		unhandle(x, trace.SIGUSR1, nil)
		unhandle(x, trace.SIGUSR1, nil)
	},
}, {
	Name: "signal_errors",
	Doc:  "Uncatchable and invalid signals, and a signal handler that fails.",
	Run: func(x *trace.X) {
		x.Ready()
		for _, bad := range []struct {
			what string
			sig  syscall.Signal
		}{
			{"SIGKILL", syscall.SIGKILL}, {"SIGSTOP", trace.SIGSTOP}, {"0", 0}, {"-1", -1}, {"1000", 1000},
		} {
			handle(x, bad.sig, trace.Fields{"what": bad.what}, func() {})
		}
		unhandle(x, trace.SIGUSR1, nil)
		unhandle(x, syscall.Signal(1000), trace.Fields{"what": "1000"})
		called := eventloop.NewFuture[struct{}](x.Loop)
		err := x.Loop.AddSignalHandler(trace.SIGUSR1, func() {
			called.SetResult(struct{}{})
			trace.Boom()
		})
		if errors.Is(err, errors.ErrUnsupported) {
			return // the loop has none at all, as the trace says
		}
		must(err)
		trace.Raise(trace.SIGUSR1)
		trace.Must(called.Await(x.Context()))
		x.Settle()
		unhandle(x, trace.SIGUSR1, nil)
	},
}, {
	Name: "signal_async_delivery",
	Doc:  "The handler never runs inside the code that was interrupted, even for a signal to oneself.",
	Run: func(x *trace.X) {
		x.Ready()
		called := eventloop.NewFuture[struct{}](x.Loop)
		must(x.Loop.AddSignalHandler(trace.SIGUSR1, func() {
			x.Mark("handler")
			called.SetResult(struct{}{})
		}))
		trace.Raise(trace.SIGUSR1)
		x.Mark("after kill")
		trace.Must(called.Await(x.Context()))
		x.Settle()
	},
}}

func handle(x *trace.X, sig os.Signal, show trace.Fields, fn func()) {
	x.Op("add_signal_handler", show, func() error { return x.Loop.AddSignalHandler(sig, fn) })
}

func unhandle(x *trace.X, sig os.Signal, show trace.Fields) {
	x.Ask("remove_signal_handler", show, func() (any, error) { return x.Loop.RemoveSignalHandler(sig) })
}
