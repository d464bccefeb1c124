package streams

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// DefaultLimit is the limit of a StreamReader that was not given another one.
const DefaultLimit = 64 << 10

type (
	// IncompleteError says that the input ended in the middle of what was to be
	// read, and holds what there was. It is io.ErrUnexpectedEOF, and io.EOF as
	// well if there was nothing.
	IncompleteError = framing.IncompleteError

	// LimitError says that what was to be read is longer than the limit. Size is
	// how much was searched for its end, or what a frame claims to be.
	LimitError = framing.LimitError
)

// errElsewhere is what goroutines get from a StreamReader and a StreamWriter.
var errElsewhere = fmt.Errorf("%w: a stream belongs to the tasks of its loop; goroutines use a Conn", eventloop.ErrInvalidState)

// StreamReader reads what a connection or a pipe receives. It belongs to the
// tasks of its loop: a call that has to wait suspends the task. A callback of the
// loop may call it too, and gets eventloop.ErrAwaitOnLoop where it would have to
// wait; other goroutines get an error that is eventloop.ErrInvalidState. One task
// at a time reads: while it waits, another one gets ErrInvalidState.
//
// # Slices
//
// ReadExactly, ReadUntil, ReadLine, Lines and ReadFrame return slices of the
// reader's own memory, valid until the next call of one of its methods that
// reads: nothing is copied. Debug mode overwrites them then.
//
// # Flow control
//
// When more than twice the limit is buffered, reading is paused; it goes on when
// no more than the limit is left, or when a task waits for more (contract Q15).
// Where there is no half-close, as over TLS, the end of input closes the writer
// too, and what a task answers to the last piece would come too late: there it
// pauses after every piece, and the end waits for a task that wants more.
//
// # Errors
//
// A failed connection has its error returned by the call that waits and by all
// later ones, also if something is still buffered (contract Q13). The end of
// input is io.EOF, an *IncompleteError in the middle of something. A wait ends
// with the cause of its context, with eventloop.ErrCancelled if the task is
// cancelled, with eventloop.ErrLoopClosed; nothing is lost then, and the call may
// be made again.
type StreamReader struct {
	loop   *eventloop.Loop
	tasks  *future.Tasks
	source protocols.ReadTransport // nil before ConnectionMade
	in     inbox
	limit  int
	waiter *future.Coro
	want   int // how much has to be there for it
	eof    bool
	paused bool
	single bool  // one piece at a time
	err    error // of the connection, or why there is none any more
}

func (r *StreamReader) init(l *eventloop.Loop, tasks *future.Tasks, s *shelf, limit int) {
	r.loop, r.tasks, r.in.shelf = l, tasks, s
	if r.limit = limit; limit == 0 {
		r.limit = DefaultLimit
	}
}

// checkLimit returns an error for a limit that is none (contract Q1).
func checkLimit(limit int) error {
	if limit < 0 {
		return invalid("a limit of %d bytes", limit)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", os.ErrInvalid, fmt.Sprintf(format, args...))
}

// Limit returns the limit in bytes: of what ReadUntil and ReadLine return,
// separators not counted, and half of what is buffered before reading is paused.
func (r *StreamReader) Limit() int { return r.limit }

// Buffered returns how many bytes can be read without waiting.
func (r *StreamReader) Buffered() int { return r.in.len() }

// AtEOF reports whether the end of input has come and everything was read.
func (r *StreamReader) AtEOF() bool { return r.eof && r.in.len() == 0 }

// Read copies what is there into p, and waits if nothing is. It returns at least
// one byte or an error, io.EOF at the end; nothing at once if p is empty.
func (r *StreamReader) Read(ctx context.Context, p []byte) (int, error) {
	if err := r.enter(); err != nil || len(p) == 0 {
		return 0, err
	}
	for r.in.len() == 0 {
		if r.eof {
			return 0, io.EOF
		}
		if err := r.wait(ctx, 1); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.in.bytes())
	r.in.drop(n)
	r.goOn()
	return n, nil
}

// ReadAll reads to the end of input, as much as that may be, and returns it in
// memory of the caller. Beside an error it returns what came before.
func (r *StreamReader) ReadAll(ctx context.Context) (all []byte, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	for {
		all = append(all, r.in.bytes()...)
		r.in.drop(r.in.len())
		if r.eof {
			return all, nil
		}
		if err := r.wait(ctx, 1); err != nil {
			return all, err
		}
	}
}

// ReadExactly returns n bytes, which may be more than the limit: memory grows
// with what comes. If there are less until the end of input, the error is an
// *IncompleteError that holds them, and they are read. A negative n is
// os.ErrInvalid; zero returns at once.
func (r *StreamReader) ReadExactly(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		return nil, invalid("reading exactly %d bytes", n)
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	for r.in.len() < n {
		if r.eof {
			return nil, r.incomplete(n)
		}
		if err := r.wait(ctx, n); err != nil {
			return nil, err
		}
	}
	return r.lend(0, n, n), nil
}

// ReadFrame returns the next frame, whose limit is the framing's own. At the end
// of input the error is io.EOF, or an *IncompleteError in the middle of a frame.
// Otherwise it is one of the framing's, and what was received stays buffered:
// there are no frames in it.
func (r *StreamReader) ReadFrame(ctx context.Context, f framing.Framing) ([]byte, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	for seen := 0; ; {
		cut, err := f.Split(r.in.bytes(), seen)
		switch seen = r.in.len(); {
		case err != nil:
			return nil, err
		case cut.Size > 0:
			return r.lend(cut.Start, cut.End, cut.Size), nil
		case r.eof && seen == 0:
			return nil, io.EOF
		case r.eof:
			return nil, r.incomplete(cut.Need)
		}
		if err := r.wait(ctx, max(cut.Need, seen+1)); err != nil {
			return nil, err
		}
	}
}

// enter begins a call that reads.
func (r *StreamReader) enter() error {
	switch {
	case !r.tasks.OnLoop():
		return errElsewhere
	case r.waiter != nil:
		return fmt.Errorf("%w: another task waits for the same input", eventloop.ErrInvalidState)
	}
	if r.in.lent != nil {
		r.in.takeBack(r.loop.Debug())
	}
	return r.err
}

// wait suspends the task until there are at least want bytes, or no more will
// come.
func (r *StreamReader) wait(ctx context.Context, want int) error {
	coro := r.tasks.Current()
	if coro == nil {
		return eventloop.ErrAwaitOnLoop
	}
	r.resume()
	r.in.rest()
	r.waiter, r.want = coro, want
	defer func() { r.waiter = nil }()
	if err := coro.Suspend(ctx); err != nil {
		return err
	}
	return r.err
}

// lend returns a part of the first size bytes, which are read then.
func (r *StreamReader) lend(from, to, size int) []byte {
	b := r.in.lend(from, to, size)
	r.goOn()
	return b
}

// incomplete makes an error of everything that is there, which is read then.
func (r *StreamReader) incomplete(expected int) error {
	partial := append([]byte{}, r.in.bytes()...)
	r.in.drop(len(partial))
	return &IncompleteError{Partial: partial, Expected: expected}
}

// goOn takes a pause back if enough was read.
func (r *StreamReader) goOn() {
	if r.paused && !r.single && r.in.len() <= r.limit {
		r.resume()
	}
}

func (r *StreamReader) resume() {
	if r.paused {
		r.paused = false
		r.source.ResumeReading()
	}
}
