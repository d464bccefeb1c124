package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

const ms = time.Millisecond

// custom is a policy that has one loop for everybody.
type custom struct {
	eventloop.DefaultPolicy
	loop *eventloop.Loop
}

func (c *custom) Get() (*eventloop.Loop, error) { return c.loop, nil }

// sched is about the loop itself. Its scenarios drive their loops.
var sched = []trace.Scenario{{
	Name:  "sched_call_soon",
	Doc:   "CallSoon keeps its order; what a callback schedules waits for the next iteration; a cancelled handle does not run.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallSoon(func() {
			x.Mark("a")
			loop.CallSoon(x.Marker("a1"))
			loop.CallSoon(x.Marker("a2"))
		})
		loop.CallSoon(x.Marker("b"))
		h := loop.CallSoon(x.Marker("never"))
		loop.CallSoon(x.Marker("c"))
		h.Cancel()
		x.Emit("handle", trace.Fields{"cancelled": h.Cancelled()})
		h.Cancel()
		loop.CallLater(50*ms, loop.Stop)
		run(loop)
	},
}, {
	Name:  "sched_iteration",
	Doc:   "After Stop the batch is finished, and what it scheduled waits for the next run.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallSoon(func() {
			x.Mark("a")
			loop.Stop()
			loop.CallSoon(x.Marker("scheduled by a"))
		})
		loop.CallSoon(x.Marker("b (same batch, after stop)"))
		run(loop)
		x.MarkWith("first run over", trace.Fields{"running": loop.IsRunning()})
		loop.CallSoon(loop.Stop)
		run(loop)
		x.Mark("second run over")
	},
}, {
	Name:  "sched_stop_before_run",
	Doc:   "Stop before RunForever allows one iteration that does not block, with the timers that are due.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallLater(0, x.Marker("due timer"))
		loop.CallLater(time.Hour, x.Marker("far timer"))
		loop.CallSoon(x.Marker("ready"))
		loop.Stop()
		began := time.Now()
		run(loop)
		x.MarkWith("over", trace.Fields{"quick": time.Since(began) < time.Second})
	},
}, {
	Name:  "sched_timers",
	Doc:   "Timers run by deadline, whatever their order of registration; a negative delay is due; cancelling works.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallLater(60*ms, x.Marker("60ms"))
		loop.CallLater(20*ms, x.Marker("20ms"))
		loop.CallLater(40*ms, x.Marker("40ms"))
		loop.CallLater(-5*time.Second, x.Marker("negative"))
		loop.CallAt(loop.Now().Add(30*ms), x.Marker("at 30ms"))
		h := loop.CallLater(10*ms, x.Marker("never"))
		h.Cancel()
		loop.CallLater(80*ms, loop.Stop)
		loop.CallSoon(x.Marker("soon"))
		run(loop)
	},
}, {
	Name:  "sched_ready_io_timer_order",
	Doc:   "One iteration runs what was ready before it, then I/O, then the timers that are due.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		p := newPair()
		defer p.close()
		must(loop.AddReader(p.fd(), func() {
			x.Mark("io")
			trace.Must(loop.RemoveReader(p.fd()))
		}))
		loop.CallSoon(func() {
			x.Mark("block")
			p.send("x")
			loop.CallLater(10*ms, x.Marker("timer"))
			loop.CallSoon(x.Marker("ready"))
			time.Sleep(50 * ms)
		})
		loop.CallLater(200*ms, loop.Stop)
		run(loop)
	},
}, {
	Name:  "sched_threadsafe",
	Doc:   "CallSoonThreadsafe wakes a loop that is blocked and has nothing to do.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		var other sync.WaitGroup
		other.Go(func() {
			time.Sleep(100 * ms)
			trace.Must(loop.CallSoonThreadsafe(x.Marker("from thread")))
			trace.Must(loop.CallSoonThreadsafe(x.Marker("from thread 2")))
			trace.Must(loop.CallSoonThreadsafe(loop.Stop))
		})
		began := time.Now()
		run(loop)
		x.MarkWith("over", trace.Fields{"quick": time.Since(began) < 2*time.Second})
		other.Wait()
	},
}, {
	Name:  "sched_run_until_complete",
	Doc:   "RunUntilComplete returns the result, the error, or what it means to be stopped before there is one.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		x.Ask("run_until_complete", trace.Fields{"what": "value"}, func() (any, error) {
			return eventloop.RunUntilComplete(loop, eventloop.CreateTask(loop, func(context.Context) (int, error) {
				return 42, nil
			}))
		})
		x.Ask("run_until_complete", trace.Fields{"what": "fails"}, func() (any, error) {
			return eventloop.RunUntilComplete(loop, eventloop.CreateTask(loop, func(context.Context) (int, error) {
				return 0, trace.ErrBoom
			}))
		})
		f := eventloop.NewFuture[int](loop)
		loop.CallSoon(loop.Stop)
		x.Ask("run_until_complete", trace.Fields{"what": "stopped"}, func() (any, error) {
			return eventloop.RunUntilComplete(loop, f)
		})
		f.SetResult(7)
		x.Ask("run_until_complete", trace.Fields{"what": "already done"}, func() (any, error) {
			return eventloop.RunUntilComplete(loop, f)
		})
	},
}, {
	Name:  "sched_reentrancy",
	Doc:   "A running loop can be neither run again nor closed, and no second one runs inside it.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		other := trace.Must(eventloop.New())
		loop.CallSoon(func() {
			running, err := eventloop.Running()
			x.Emit("loop", trace.Fields{
				"running": loop.IsRunning(), "closed": loop.IsClosed(),
				"get_running_is_loop": err == nil && running == loop,
			})
			x.Op("run_forever", trace.Fields{"what": "same loop"}, loop.RunForever)
			x.Op("run_forever", trace.Fields{"what": "other loop"}, other.RunForever)
			x.Op("close", nil, loop.Close)
			loop.Stop()
		})
		run(loop)
		x.Emit("loop", trace.Fields{"running": loop.IsRunning(), "closed": loop.IsClosed()})
		x.Op("get_running_loop", nil, func() error { _, err := eventloop.Running(); return err })
	},
}, {
	Name:  "sched_closed",
	Doc:   "A closed loop refuses to schedule and to run, can be closed and stopped again, and drops what was queued.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallSoon(x.Marker("never"))
		h := loop.CallLater(0, x.Marker("never"))
		x.Op("close", nil, loop.Close)
		x.Op("close", nil, loop.Close)
		x.Emit("loop", trace.Fields{"running": loop.IsRunning(), "closed": loop.IsClosed()})
		late := x.Marker("x")
		x.Do("call_soon", nil, func() { loop.CallSoon(late) })
		x.Do("call_later", nil, func() { loop.CallLater(0, late) })
		x.Do("call_at", nil, func() { loop.CallAt(time.Time{}, late) })
		x.Op("call_soon_threadsafe", nil, func() error { _, err := loop.CallSoonThreadsafe(late); return err })
		x.Op("run_forever", nil, loop.RunForever)
		x.Op("run_in_executor", nil, func() error {
			return failure(eventloop.RunInExecutor(loop, func() (int, error) { return 0, nil }))
		})
		x.Do("stop", nil, loop.Stop)
		x.Ask("remove_reader", nil, func() (any, error) { return loop.RemoveReader(0) })
		x.Op("add_reader", nil, func() error { return loop.AddReader(0, late) })
		x.Do("handle.cancel", nil, func() { h.Cancel() })
	},
}, {
	Name:  "sched_exception_handler",
	Doc:   "A callback that panics reaches the handler and disturbs nobody else; a handler that panics falls back to the default.",
	Plain: true,
	Logs:  true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.CallSoon(trace.Boom)
		loop.CallSoon(x.Marker("next callback"))
		loop.CallLater(20*ms, func() {
			loop.SetExceptionHandler(func(*eventloop.Loop, eventloop.ExceptionContext) { trace.Boom() })
		})
		loop.CallLater(40*ms, trace.Boom)
		loop.CallLater(60*ms, func() { loop.SetExceptionHandler(nil) })
		loop.CallLater(80*ms, trace.Boom)
		loop.CallLater(100*ms, x.Marker("still running"))
		loop.CallLater(120*ms, loop.Stop)
		run(loop)
		x.Ask("get_exception_handler", nil, func() (any, error) { return loop.ExceptionHandler() == nil, nil })
		x.Do("call_exception_handler", nil, func() {
			loop.CallExceptionHandler(eventloop.ExceptionContext{Message: "direct"})
		})
	},
}, {
	Name:  "sched_debug",
	Doc:   "Debug mode logs a slow callback and refuses calls from a goroutine that is not the loop's.",
	Plain: true,
	Logs:  true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		loop.SetDebug(true)
		x.Emit("loop", trace.Fields{"debug": loop.Debug(), "slow_callback_duration": loop.SlowCallback().Seconds()})
		loop.SetSlowCallback(400 * ms)
		loop.CallSoon(func() { time.Sleep(500 * ms) })
		loop.CallLater(600*ms, x.Marker("fast"))
		other := func() {
			x.Do("call_soon", nil, func() { loop.CallSoon(x.Marker("never")) })
			x.Do("call_later", nil, func() { loop.CallLater(0, x.Marker("never")) })
			trace.Must(loop.CallSoonThreadsafe(x.Marker("threadsafe is fine")))
			trace.Must(loop.CallSoonThreadsafe(loop.Stop))
		}
		loop.CallLater(700*ms, func() { go other() })
		run(loop)
	},
}, {
	Name:  "sched_policy",
	Doc:   "Set, Get and New; the running loop wins; nil resets; a goroutine without a loop gets an error.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		current := func() *eventloop.Loop { return trace.Must(eventloop.Get()) }
		get := func() error { _, err := eventloop.Get(); return err }
		says := func(what string, ret bool) { x.Emit("policy", trace.Fields{"what": what, "ret": ret}) }

		eventloop.Set(loop)
		says("get returns what was set", current() == loop)
		other := trace.Must(eventloop.New())
		says("new does not set", current() == loop)
		eventloop.Set(other)
		loop.CallSoon(func() {
			says("running wins", current() == loop)
			loop.Stop()
		})
		run(loop)
		says("set again afterwards", current() == other)
		eventloop.Set(nil)
		x.Op("get_event_loop", trace.Fields{"what": "after set(None), main thread"}, get)

		var elsewhere sync.WaitGroup
		elsewhere.Go(func() {
			x.Op("get_event_loop", trace.Fields{"what": "thread without a loop"}, get)
			own := trace.Must(eventloop.New())
			eventloop.Set(own)
			says("thread has its own", current() == own)
			must(own.Close())
		})
		elsewhere.Wait()

		// The tracer has set a policy of its own, to choose the loops' kind.
		eventloop.SetPolicy(nil)
		before := eventloop.CurrentPolicy()
		eventloop.SetPolicy(&custom{loop: other})
		says("custom policy", current() == other)
		eventloop.SetPolicy(nil)
		says("nil gives a fresh default", eventloop.CurrentPolicy() != before)
	},
}, {
	Name:  "sched_many_cancelled",
	Doc:   "Cancelling most of many timers leaves the others in order.",
	Plain: true,
	Run: func(x *trace.X) {
		loop := x.NewLoop()
		x.Ready()
		handles := make([]eventloop.TimerHandle, 500)
		for i := range handles {
			handles[i] = loop.CallLater(50*ms+time.Duration(i)*ms/10, x.Marker(fmt.Sprint(i)))
		}
		for i := range handles {
			if i%100 != 0 {
				handles[i].Cancel()
			}
		}
		loop.CallLater(300*ms, loop.Stop)
		run(loop)
	},
}}
