package trace

import "fmt"

// Op makes one call of the library and traces it when it is over, with the kind
// of its error in "raises". What is traced meanwhile carries its name in "in".
//
// Some calls have no error result and panic when they are misused; asyncio has
// one way for both, so a panic counts as the error it carries.
func (t *Tracer) Op(name string, show Fields, call func() error) {
	t.Ask(name, show, func() (any, error) { return nothing, call() })
}

// Do is Op for a call that has no error result.
func (t *Tracer) Do(name string, show Fields, call func()) {
	t.Op(name, show, func() error { call(); return nil })
}

// Ask is Op for a call whose result matters: it is traced in "ret" unless there
// was an error.
func (t *Tracer) Ask(name string, show Fields, call func() (any, error)) {
	t.Emit("op", t.perform(name, show, call))
}

// Waited traces a call that had to be waited for, when it is over. Nothing that
// happened meanwhile was inside it.
func (t *Tracer) Waited(name string, show Fields, err error) {
	fields := with(show, Fields{"op": name})
	if err != nil {
		fields["raises"] = Kind(err)
	}
	t.Emit("op", fields)
}

// silent is a result that is not traced. A nil result would be: as null.
type silent struct{}

var nothing any = silent{}

func (t *Tracer) perform(name string, show Fields, call func() (any, error)) Fields {
	fields := with(show, Fields{"op": name})
	var ret any
	var err error
	t.within(name, func() { ret, err = attempt(call) })
	switch {
	case err != nil:
		fields["raises"] = Kind(err)
	case ret != nothing:
		fields["ret"] = ret
	}
	return fields
}

func attempt(call func() (any, error)) (ret any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = thrown(v)
		}
	}()
	return call()
}

func thrown(v any) error {
	if err, ok := v.(error); ok {
		return err
	}
	return fmt.Errorf("panic: %v", v)
}
