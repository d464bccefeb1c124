package subprocess

import "os"

// Stdio is where a standard stream of a child goes: nil or one of the constants
// of Redirect, or an *os.File, which stays the caller's. Everything else is
// refused.
type Stdio interface {
	// Name is what the stream is called in errors.
	Name() string
}

var _ Stdio = (*os.File)(nil)

// Redirect is a Stdio that is no file of the caller's.
type Redirect uint8

const (
	// Pipe connects the stream to the transport. Nil means the same, except that
	// with Spec.PTY it means the terminal.
	Pipe Redirect = iota

	// DevNull is the null device.
	DevNull

	// Inherit gives the child the parent's own stream.
	Inherit

	// Stdout, for Spec.Stderr only, means wherever standard output goes.
	Stdout
)

// Name implements Stdio.
func (r Redirect) Name() string {
	switch r {
	case Pipe:
		return "Pipe"
	case DevNull:
		return "DevNull"
	case Inherit:
		return "Inherit"
	case Stdout:
		return "Stdout"
	}
	return "unknown Redirect"
}

// String is Name.
func (r Redirect) String() string { return r.Name() }
