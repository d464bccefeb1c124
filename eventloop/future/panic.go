package future

import (
	"fmt"
	"runtime/debug"
)

// PanicError is the error of a task whose function panicked, and of whatever
// else runs users' functions and recovers from their panics.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the panicking goroutine's stack, as debug.Stack formats it
}

// NewPanicError is for deferred functions: value is what recover returned, and
// the stack still is the one that panicked.
func NewPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error names the value and leaves the stack out.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns Value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
