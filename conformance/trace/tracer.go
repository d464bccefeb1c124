package trace

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"
)

// Fields are the members of an event besides "ev" and "in".
type Fields map[string]any

// A Tracer writes events, one JSON object per line and at once: the driver acts
// on what it has read. It may be used from any goroutine; but there is one stack
// of names, so that only one goroutine at a time should be inside a callback or
// an operation.
type Tracer struct {
	mu    sync.Mutex
	out   io.Writer
	stack []string
}

// NewTracer returns a tracer that writes to out.
func NewTracer(out io.Writer) *Tracer {
	return &Tracer{out: out}
}

// Raw writes an object as it is, without the stack.
func (t *Tracer) Raw(object Fields) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writeLocked(object)
}

// Emit writes an event, with the names of what is being executed in "in".
// Fields may be nil.
func (t *Tracer) Emit(event string, fields Fields) {
	t.mu.Lock()
	defer t.mu.Unlock()
	object := Fields{"ev": event}
	maps.Copy(object, fields)
	if len(t.stack) > 0 {
		object["in"] = slices.Clone(t.stack)
	}
	t.writeLocked(object)
}

// Mark says that the program got here.
func (t *Tracer) Mark(name string) {
	t.MarkWith(name, nil)
}

// MarkWith is Mark with more to say.
func (t *Tracer) MarkWith(name string, fields Fields) {
	t.Emit("mark", with(fields, Fields{"name": name}))
}

// Marker returns a callback that marks.
func (t *Tracer) Marker(name string) func() {
	return func() { t.Mark(name) }
}

// within runs fn with name on the stack.
func (t *Tracer) within(name string, fn func()) {
	t.push(name)
	defer t.pop()
	fn()
}

func (t *Tracer) push(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stack = append(t.stack, name)
}

func (t *Tracer) pop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stack = t.stack[:len(t.stack)-1]
}

// writeLocked panics if the trace can not be written: a trace with a gap would
// be compared as if it were whole.
func (t *Tracer) writeLocked(object Fields) {
	line, err := json.Marshal(object)
	if err == nil {
		_, err = t.out.Write(append(line, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

// with returns the fields of both; those of more win.
func with(fields, more Fields) Fields {
	all := make(Fields, len(fields)+len(more))
	maps.Copy(all, fields)
	maps.Copy(all, more)
	return all
}
