package framing

import (
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is found, by errors.Is, in the error of bytes that do not follow
// the rules of their framing.
var ErrMalformed = errors.New("malformed frame")

// LimitError says that something is longer than its limit.
type LimitError struct {
	// Limit is the limit in bytes.
	Limit int

	// Size is how long it is as far as that is known: what the length in front of
	// a frame says, of a netstring as many digits as it took to know; where
	// nothing announces the length, the bytes that were searched for an end.
	Size uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%d bytes or more are over the limit of %d", e.Size, e.Limit)
}

// IncompleteError says that the end of input came in the middle of something.
// It is io.ErrUnexpectedEOF, and io.EOF as well if nothing of it had come.
type IncompleteError struct {
	// Partial is what had come; it is the caller's.
	Partial []byte

	// Expected is how many bytes there had to be, of a frame with what belongs to
	// it and at least; zero if that is not known.
	Expected int
}

func (e *IncompleteError) Error() string {
	if e.Expected == 0 {
		return fmt.Sprintf("end of input after %d bytes, before the end that was looked for", len(e.Partial))
	}
	return fmt.Sprintf("end of input after %d of %d bytes", len(e.Partial), e.Expected)
}

// Is says for errors.Is which ends of input it is.
func (e *IncompleteError) Is(target error) bool {
	return target == io.ErrUnexpectedEOF || target == io.EOF && len(e.Partial) == 0
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
