package trace

import (
	"context"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// X is what a scenario gets: the tracer, the loop, and bookkeeping of its
// protocols. The waiting methods are for scenarios that are tasks; they panic
// when the wait fails. X carries the task's context because it lives exactly as
// long as the task, and scenarios are to stay as short as their originals.
type X struct {
	*Tracer
	Env Env

	// Loop is what NewLoop made last.
	Loop *eventloop.Loop

	// Streams are the protocols in order of construction, whose index is "c".
	Streams []*Stream

	// Datagrams are those of datagram endpoints, counted from 0 as well.
	Datagrams []*Datagram

	selector  string
	logger    *slog.Logger
	ctx       context.Context
	steps     int // that have come
	waits     int // for a step, so far
	processes int // protocols of children so far
	change    *eventloop.Future[struct{}]
}

// Context returns the context of the scenario's task.
func (x *X) Context() context.Context { return x.ctx }

// NewLoop makes the scenario's loop, whose exception handler is traced.
func (x *X) NewLoop() *eventloop.Loop {
	x.Loop = Must(x.makeLoop())
	x.Loop.SetExceptionHandler(x.exception)
	return x.Loop
}

func (x *X) makeLoop() (*eventloop.Loop, error) {
	switch x.selector {
	case "io_uring", "iocp":
		return eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: x.selector, Logger: x.logger})
	}
	return eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: x.selector, Logger: x.logger})
}

// exception traces which fields a context has, in the words of asyncio's keys.
func (x *X) exception(_ *eventloop.Loop, c eventloop.ExceptionContext) {
	keys := []string{}
	for _, field := range []struct {
		key   string
		there bool
	}{
		{"exception", c.Err != nil},
		{"future", c.Future != nil},
		{"handle", c.Handle != nil},
		{"message", c.Message != ""},
		{"protocol", c.Protocol != nil},
		{"socket", c.Socket != nil},
		{"task", c.Task != nil},
		{"transport", c.Transport != nil},
	} {
		if field.there {
			keys = append(keys, field.key)
		}
	}
	x.Emit("exception_handler", Fields{"keys": keys, "exc": Kind(c.Err)})
}

// Hello tells the driver that the scenario is ready, and where.
func (x *X) Hello(kind string, where Fields) {
	x.Raw(with(where, Fields{"hello": 1, "pid": os.Getpid(), "kind": kind}))
}

// Ready is the hello of a scenario that has no address.
func (x *X) Ready() { x.Hello("none", nil) }

// Factory makes traced protocols; each construction is traced.
func (x *X) Factory(hooks Hooks) func() protocols.Protocol {
	return func() protocols.Protocol {
		p := x.Stream(hooks)
		x.Emit("factory", Fields{"c": p.c})
		return p
	}
}

// Stream makes a traced protocol by hand, for SetProtocol.
func (x *X) Stream(hooks Hooks) *Stream {
	p := &Stream{x: x, c: len(x.Streams), hooks: hooks}
	x.Streams = append(x.Streams, p)
	return p
}

// Buffered makes a traced protocol with memory of its own.
func (x *X) Buffered(hooks Hooks) *Buffered {
	return &Buffered{Stream: x.Stream(hooks), buf: make([]byte, bufferSize)}
}

// TCP opens a server on 127.0.0.1 and says hello with its port.
func (x *X) TCP(hooks Hooks) *eventloop.Server {
	return x.Serve(x.Factory(hooks))
}

// TCPBuffered is TCP with protocols that have memory of their own.
func (x *X) TCPBuffered(hooks Hooks) *eventloop.Server {
	return x.Serve(func() protocols.Protocol {
		p := x.Buffered(hooks)
		x.Emit("factory", Fields{"c": p.c})
		return p
	})
}

// Serve is TCP with any factory.
func (x *X) Serve(factory func() protocols.Protocol) *eventloop.Server {
	return x.ServeWith(factory, nil)
}

// ServeWith is Serve with a configuration.
func (x *X) ServeWith(factory func() protocols.Protocol, cfg *eventloop.ServerConfig) *eventloop.Server {
	server := Must(x.Loop.CreateServer(factory, "tcp", "127.0.0.1:0", cfg).Await(x.ctx))
	addr := server.Addrs()[0].(*net.TCPAddr)
	x.Hello("tcp", Fields{"host": addr.IP.String(), "port": addr.Port})
	return server
}

// settled is how long nothing more is expected to happen.
const settled = 50 * time.Millisecond

// Settle waits until what is going on has come to rest.
func (x *X) Settle() { x.Sleep(settled) }

// Sleep waits for d; zero lets one iteration of the loop pass.
func (x *X) Sleep(d time.Duration) {
	if err := eventloop.Sleep(x.ctx, d); err != nil {
		panic(err)
	}
}

// Must returns v, or panics with err if there is one.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
