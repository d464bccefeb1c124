package trace

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
)

// Config is what the run of a scenario needs from outside.
type Config struct {
	// Selector is the mechanism of the loops that are made; empty means the
	// system's best.
	Selector string

	// Watcher is the child watcher's name; empty means the policy's own.
	Watcher string

	// Events is where the trace goes, Steps where the driver's lines come from,
	// Log where the library logs unless the scenario traces that.
	Events io.Writer
	Steps  io.Reader
	Log    io.Writer

	// Env is what the driver said.
	Env Env
}

// Run runs a scenario and traces its end. It belongs on the main goroutine:
// sched_policy asks what is special about that one. It returns the error of a
// scenario that failed, whose trace then has no end; a plain one panics.
func Run(s Scenario, cfg Config) error {
	x := newX(s, cfg)
	watchdog := time.AfterFunc(cfg.Env.Watchdog, func() {
		x.Raw(Fields{"ev": "watchdog"})
		os.Exit(watchdogStatus)
	})
	defer watchdog.Stop()
	if err := x.setPolicy(cfg.Watcher); err != nil {
		return err
	}
	if s.Plain {
		s.Run(x)
	} else if err := x.runTask(s.Run, cfg.Steps); err != nil {
		return err
	}
	x.Raw(Fields{"ev": "end"})
	return nil
}

func (x *X) setPolicy(watcher string) error {
	policy := &eventloop.DefaultPolicy{Factory: x.makeLoop}
	if watcher != "" {
		w, err := newWatcher(watcher)
		if err != nil {
			return err
		}
		if err := policy.SetChildWatcher(w); err != nil {
			return err
		}
	}
	eventloop.SetPolicy(policy)
	return nil
}

// watchdogStatus is the exit status of a scenario that is stuck.
const watchdogStatus = 3

func newX(s Scenario, cfg Config) *X {
	x := &X{Tracer: NewTracer(cfg.Events), Env: cfg.Env, selector: cfg.Selector}
	if s.Logs {
		x.logger = slog.New(logEvents{x.Tracer})
	} else {
		x.logger = slog.New(slog.NewTextHandler(cfg.Log, nil))
	}
	return x
}

// runTask runs a scenario as a task on a loop of its own, with the control
// channel open.
func (x *X) runTask(run func(*X), steps io.Reader) error {
	loop := x.NewLoop()
	eventloop.Set(loop)
	task := eventloop.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		x.ctx = ctx
		x.listen(steps)
		run(x)
		return struct{}{}, nil
	})
	_, err := eventloop.RunUntilComplete(loop, task)
	return err
}
