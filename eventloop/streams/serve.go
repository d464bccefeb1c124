package streams

import (
	"context"
	"errors"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// ServeConfig says how to serve. Its zero value works.
type ServeConfig struct {
	// Server is how the server is made.
	Server eventloop.ServerConfig

	// Limit is the readers', in bytes. Zero means DefaultLimit; a negative one is
	// os.ErrInvalid.
	Limit int
}

// A Handler serves one connection of StartServer, as a task.
type Handler func(ctx context.Context, r *StreamReader, w *StreamWriter) error

// StartServer makes a server whose connections are each served by a task that
// runs handler; network, address and errors are those of Loop.CreateServer. When
// the handler returns, the connection is closed, as by Close of the writer; a
// handler that hands it to somebody else waits until that one is done, or makes a
// Conn of it. An error or a panic is reported to the exception handler as well,
// but for the cancellation of the task. Closing the server ends no handler; the
// end of eventloop.Run cancels them and waits for them. A nil cfg means the zero
// value. Any goroutine.
func StartServer(l *eventloop.Loop, handler Handler, network, address string, cfg *ServeConfig) *eventloop.Future[*eventloop.Server] {
	if cfg == nil {
		cfg = &ServeConfig{}
	}
	s := &service{loop: l, tasks: schedulerOf(l).Tasks(), handler: handler, limit: cfg.Limit}
	factory := s.newPair
	limitErr := checkLimit(cfg.Limit)
	if handler == nil || limitErr != nil {
		factory = nil
	}
	f := l.CreateServer(factory, network, address, &cfg.Server)
	if limitErr != nil {
		err := refusal(f.Err(), &net.OpError{Op: "listen", Net: network, Err: limitErr})
		return future.Failed[*eventloop.Server](schedulerOf(l), err)
	}
	return f
}

// service is what the connections of one server share.
type service struct {
	loop    *eventloop.Loop
	tasks   *future.Tasks
	handler Handler
	limit   int
	shelf   shelf
}

func (s *service) newPair() protocols.Protocol {
	p := newPair(s.loop, s.tasks, &s.shelf, s.limit)
	p.server, p.writer.server = s, true
	return p
}

// handle makes the task of a connection.
func (s *service) handle(p *pair) {
	task := eventloop.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.handler(ctx, &p.reader, &p.writer)
	})
	task.AddDoneCallback(func(t *eventloop.Task[struct{}]) { s.handled(p, t) })
}

// handled closes the connection behind its handler (contract Q2).
func (s *service) handled(p *pair, t *eventloop.Task[struct{}]) {
	if err := t.Err(); err != nil && !t.Cancelled() && !errors.Is(err, eventloop.ErrLoopClosed) {
		s.loop.CallExceptionHandler(eventloop.ExceptionContext{
			Message:   "the handler of a connection failed",
			Err:       err,
			Task:      t,
			Transport: p.writer.transport,
		})
	}
	_ = p.writer.Close() // an error says that the connection is somebody else's
}
