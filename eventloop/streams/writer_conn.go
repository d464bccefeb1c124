package streams

import (
	"fmt"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
)

// Conn makes a net.Conn of the connection, for code that reads and writes one,
// net/http's for example, in tasks and on goroutines. What the reader holds is
// read from it first. The reader and the writer are of no use any more: they
// return an error that is eventloop.ErrInvalidState, and closing is the Conn's
// business. A nil cfg means the zero value.
//
// The error is eventloop.ErrInvalidState if a task waits for the reader or the
// writer or if this is no connection; otherwise that of the connection, or
// net.ErrClosed, if that has ended.
func (w *StreamWriter) Conn(cfg *ConnConfig) (*Conn, error) {
	if err := w.enter(); err != nil {
		return nil, err
	}
	if err := w.occupied(); err != nil {
		return nil, err
	}
	c := NewConn(w.loop, cfg)
	r := w.reader
	c.adopt(w.transport, r.in.bytes(), r.eof, w.paused)
	if r.paused && !c.held {
		w.transport.ResumeReading()
	}
	w.gone = fmt.Errorf("%w: the connection belongs to a Conn", eventloop.ErrInvalidState)
	r.err, r.paused = w.gone, false
	r.in.drop(r.in.len())
	r.in.rest()
	return c, nil
}

// occupied says why the connection can not be handed over.
func (w *StreamWriter) occupied() error {
	switch {
	case w.reader == nil:
		return fmt.Errorf("%w: a pipe to a process is no connection", eventloop.ErrInvalidState)
	case w.reader.waiter != nil || len(w.waiters) > 0:
		return fmt.Errorf("%w: a task waits for the stream", eventloop.ErrInvalidState)
	case w.lost && w.cause != nil:
		return w.cause
	case w.closing:
		return net.ErrClosed
	}
	return nil
}
