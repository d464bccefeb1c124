// Package trace is what the trace scenarios have in common: a Tracer that
// writes events with the stack of what is being executed, protocols that trace
// their callbacks, the control channel to the driver, and X, which a scenario
// is given. ../README.md describes the vocabulary; the program is ../tracer.
//
// A scenario is a value:
//
//	var tcpEcho = trace.Scenario{
//		Name: "tcp_echo",
//		Doc:  "Plain echo in ping-pong, until the client half-closes.",
//		Run: func(x *trace.X) {
//			x.TCP(trace.Hooks{Data: echo})
//			x.Lost(1)
//		},
//	}
//
// Run is a task on a loop that X has made, and may wait, unless Plain is set:
// then it is called on the main goroutine and drives a loop itself. What goes
// wrong with the scenario itself, not with what it observes, panics.
package trace
