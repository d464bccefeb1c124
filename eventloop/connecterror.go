package eventloop

import "strings"

// A ConnectError holds the errors of several attempts to connect, all of which
// failed. errors.Is and errors.As look at every one.
type ConnectError struct {
	// Attempts are the errors in the order in which the attempts began.
	Attempts []error
}

// Error is what one attempt says if all say the same, and otherwise what all of
// them say (contract H12, H13).
func (e *ConnectError) Error() string {
	if e.Alike() {
		return e.Attempts[0].Error()
	}
	texts := make([]string, len(e.Attempts))
	for i, err := range e.Attempts {
		texts[i] = err.Error()
	}
	return "Multiple exceptions: " + strings.Join(texts, ", ")
}

// Alike reports whether all attempts failed with the same text.
func (e *ConnectError) Alike() bool {
	for _, err := range e.Attempts {
		if err.Error() != e.Attempts[0].Error() {
			return false
		}
	}
	return true
}

// Unwrap returns the attempts.
func (e *ConnectError) Unwrap() []error { return e.Attempts }

// combined is the error of attempts that all failed. A single one is itself.
func combined(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return &ConnectError{Attempts: errs}
}
