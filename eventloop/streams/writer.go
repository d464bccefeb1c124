package streams

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// StreamWriter writes to a connection or a pipe. As a StreamReader it belongs to
// the tasks of its loop; any number of them may use it. Write never waits: who
// writes much calls Drain in between, which waits for a peer that does not keep
// up.
//
//	for _, record := range records {
//		w.Write(record)
//		if err := w.Drain(ctx); err != nil {
//			return err
//		}
//	}
//
// Other goroutines get an error that is eventloop.ErrInvalidState, and so does
// everybody after Conn.
type StreamWriter struct {
	loop      *eventloop.Loop
	tasks     *future.Tasks
	transport protocols.Transport // nil before ConnectionMade
	reader    *StreamReader       // of the same connection, or nil
	shelf     *shelf
	waiters   []*future.Coro // of Drain and WaitClosed
	paused    bool           // PauseWriting
	closing   bool           // as far as we know
	lost      bool
	server    bool   // of StartServer
	host      string // of OpenConnection
	cause     error  // of the loss
	gone      error  // why it can not be used any more
}

// Transport returns what the writer writes to. It is for what a StreamWriter does
// not have; reading belongs to the StreamReader.
func (w *StreamWriter) Transport() protocols.Transport { return w.transport }

// LocalAddr, RemoteAddr, ExtraInfo and ConnectionState are the transport's.
func (w *StreamWriter) LocalAddr() net.Addr { return w.transport.LocalAddr() }

// RemoteAddr is the transport's.
func (w *StreamWriter) RemoteAddr() net.Addr { return w.transport.RemoteAddr() }

// ExtraInfo is the transport's.
func (w *StreamWriter) ExtraInfo(name string) any { return w.transport.ExtraInfo(name) }

// ConnectionState is the transport's.
func (w *StreamWriter) ConnectionState() (tls.ConnectionState, bool) {
	return w.transport.ConnectionState()
}

// IsClosing is the transport's.
func (w *StreamWriter) IsClosing() bool { return w.transport.IsClosing() }

// CanWriteEOF is the transport's.
func (w *StreamWriter) CanWriteEOF() bool { return w.transport.CanWriteEOF() }

// Write is the transport's: it takes all of p, which it does not keep, and never
// waits. The error is net.ErrClosed if p was dropped because the connection is
// closed or lost; Drain tells why.
func (w *StreamWriter) Write(p []byte) (int, error) {
	if err := w.enter(); err != nil {
		return 0, err
	}
	n, err := w.transport.Write(p)
	w.note(err)
	return n, err
}

// WriteBuffers is Write of several pieces as one.
func (w *StreamWriter) WriteBuffers(bufs net.Buffers) (int64, error) {
	if err := w.enter(); err != nil {
		return 0, err
	}
	n, err := w.transport.WriteBuffers(bufs)
	w.note(err)
	return n, err
}

// WriteFrame is Write of a frame with what belongs to it. What the framing
// refuses is not written. For many frames at once see framing.Encoder.
func (w *StreamWriter) WriteFrame(f framing.Framing, frame []byte) error {
	if err := w.enter(); err != nil {
		return err
	}
	all, err := f.Append(w.shelf.take(0), frame)
	if err == nil {
		_, err = w.Write(all)
	}
	w.shelf.give(all)
	return err
}

// note remembers that something was dropped: Drain then waits for the reason.
func (w *StreamWriter) note(err error) {
	if errors.Is(err, net.ErrClosed) {
		w.closing = true
	}
}

// WriteEOF is the transport's: the peer is told that no more will come, when it
// has got what was written. Where CanWriteEOF is false, as over TLS, the error is
// errors.ErrUnsupported.
func (w *StreamWriter) WriteEOF() error {
	if err := w.enter(); err != nil {
		return err
	}
	return w.transport.WriteEOF()
}

// Close sends what was written and then closes the connection, for the reader as
// well. It does not wait; WaitClosed does.
func (w *StreamWriter) Close() error {
	if err := w.enter(); err != nil {
		return err
	}
	w.closing = true
	return w.transport.Close()
}

// Abort closes the connection without sending what was written.
func (w *StreamWriter) Abort() error {
	if err := w.enter(); err != nil {
		return err
	}
	w.closing = true
	w.transport.Abort()
	return nil
}

// Drain waits while the transport holds more than its high-water mark, until it
// holds no more than the low one. After or during the loss of the connection it
// returns the error of that, ECONNRESET if there is none; on a connection that is
// being closed it gives others a turn first, so that the loss can be noticed. It
// returns the cause if ctx ends first, and eventloop.ErrAwaitOnLoop where it
// would have to wait outside a task.
func (w *StreamWriter) Drain(ctx context.Context) error {
	if err := w.enter(); err != nil {
		return err
	}
	if w.closing && !w.lost {
		coro := w.tasks.Current()
		if coro == nil {
			return eventloop.ErrAwaitOnLoop
		}
		if err := coro.Yield(ctx); err != nil {
			return err
		}
	}
	for w.paused && !w.lost {
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	return w.loss()
}

// loss is why the connection was lost, nil if it was not.
func (w *StreamWriter) loss() error {
	switch {
	case !w.lost:
		return nil
	case w.cause != nil:
		return w.cause
	}
	e := &net.OpError{Op: "write", Net: "stream", Source: w.LocalAddr(), Addr: w.RemoteAddr(), Err: os.NewSyscallError("write", platform.ECONNRESET)}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}

// WaitClosed waits until the connection is lost, which it does not bring about,
// and returns the error of that: nil after Close, when everything was sent. If
// ctx ends first it returns the cause.
func (w *StreamWriter) WaitClosed(ctx context.Context) error {
	if err := w.enter(); err != nil {
		return err
	}
	for !w.lost {
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	return w.cause
}

func (w *StreamWriter) enter() error {
	if !w.tasks.OnLoop() {
		return errElsewhere
	}
	return w.gone
}

// wait suspends the task until something has changed.
func (w *StreamWriter) wait(ctx context.Context) error {
	coro := w.tasks.Current()
	if coro == nil {
		return eventloop.ErrAwaitOnLoop
	}
	w.waiters = append(w.waiters, coro)
	defer func() {
		i := slices.Index(w.waiters, coro)
		w.waiters = slices.Delete(w.waiters, i, i+1)
	}()
	return coro.Suspend(ctx)
}

func (w *StreamWriter) wakeAll() {
	for _, coro := range w.waiters {
		coro.Wake()
	}
}

func (w *StreamWriter) pause() { w.paused = true }

func (w *StreamWriter) resume() {
	w.paused = false
	w.wakeAll()
}

func (w *StreamWriter) lose(err error) {
	w.lost, w.closing, w.cause = true, true, err
	w.wakeAll()
}
