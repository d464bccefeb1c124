package platform

import (
	"errors"
	"strings"
)

// An UnsupportedError refuses an operation that an operating system, a version
// of it or a kind of loop does not have. It is returned before any effect: no
// argument was looked at, nothing was opened, started or called.
//
// It is errors.ErrUnsupported:
//
//	errors.Is(err, errors.ErrUnsupported)
type UnsupportedError struct {
	// Op is the exported method, or what it was asked for: "AddReader",
	// "CreateServer(unix)".
	Op string

	// Loop is the kind of loop that refuses; empty if the system alone decides.
	Loop string

	// OS is the system as GOOS spells it.
	OS string

	// Reason is one clause: "completion ports report no readiness".
	Reason string

	// Alternative is what to use instead; empty if there is nothing.
	Alternative string
}

// Error returns one line with everything that is known, such as
//
//	AddReader: unsupported on windows by the iocp loop: completion ports report no readiness (use a selector loop)
func (e *UnsupportedError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": unsupported")
	if e.OS != "" {
		b.WriteString(" on " + e.OS)
	}
	if e.Loop != "" {
		b.WriteString(" by the " + e.Loop + " loop")
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if e.Alternative != "" {
		b.WriteString(" (use " + e.Alternative + ")")
	}
	return b.String()
}

// Unwrap returns errors.ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return errors.ErrUnsupported }
