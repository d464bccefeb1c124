package eventloop

import (
	"fmt"
	"log/slog"
	"os"
	"sort"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
)

// ExceptionContext is what an exception handler is told. Message is always
// there; a field that does not apply is nil. Handlers must tolerate fields that
// are added later.
type ExceptionContext struct {
	Message   string
	Err       error
	Future    any
	Task      any
	Handle    *Handle // the callback that failed
	Transport any
	Protocol  any
	Socket    *platform.Socket
}

// SetExceptionHandler makes h hear of failures that nobody else can be told of:
// panics in callbacks and protocols, errors of tasks that nobody read, failed
// accepts. It is called on the loop's goroutine. Nil restores the default, which
// logs at level error. If h panics, the default one is called about that.
func (l *Loop) SetExceptionHandler(h func(*Loop, ExceptionContext)) { l.handler = h }

// ExceptionHandler returns what SetExceptionHandler set, nil for the default.
func (l *Loop) ExceptionHandler() func(*Loop, ExceptionContext) { return l.handler }

// CallExceptionHandler reports a failure as the loop itself does.
func (l *Loop) CallExceptionHandler(c ExceptionContext) {
	if l.handler == nil {
		l.logException(c)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			l.logException(ExceptionContext{
				Message: "exception handler panicked while handling: " + c.Message,
				Err:     fmt.Errorf("%w; the original failure: %v", future.NewPanicError(v), c.Err),
			})
		}
	}()
	l.handler(l, c)
}

// logException is the default handler. A logger that panics costs one line,
// which can not be its own business: it may be the default one, too.
func (l *Loop) logException(c ExceptionContext) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "tidemill: the logger panicked: %v; it was told: %s: %v\n", v, c.Message, c.Err)
		}
	}()
	l.log().Error(c.Message, c.attributes()...)
}

// attributes are the fields that are there, sorted by name behind the error
// (contract A49).
func (c *ExceptionContext) attributes() []any {
	attrs := []slog.Attr{}
	add := func(name string, there bool, v any) {
		if there {
			attrs = append(attrs, slog.String(name, describe(v)))
		}
	}
	add("future", c.Future != nil, c.Future)
	add("handle", c.Handle != nil, c.Handle)
	add("protocol", c.Protocol != nil, c.Protocol)
	add("socket", c.Socket != nil, c.Socket)
	add("task", c.Task != nil, c.Task)
	add("transport", c.Transport != nil, c.Transport)
	sort.Slice(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	out := make([]any, 0, len(attrs)+1)
	if c.Err != nil {
		out = append(out, slog.Any("error", c.Err))
	}
	for _, a := range attrs {
		out = append(out, a)
	}
	return out
}

// describe names a value without looking into it: another goroutine may own it.
func describe(v any) string {
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", v)
}

// callbackPanicked reports the callback that runs (contract A47).
func (l *Loop) callbackPanicked(err *PanicError) {
	l.CallExceptionHandler(ExceptionContext{
		Message: "callback panicked",
		Err:     err,
		Handle:  l.currentHandle(),
	})
}

// currentHandle stands for the callback that runs; there is nothing left of it
// to cancel.
func (l *Loop) currentHandle() *Handle {
	return &Handle{loop: l, position: l.ready.head - 1}
}

func (l *Loop) log() *slog.Logger {
	if l.logger != nil {
		return l.logger
	}
	return slog.Default()
}
