package framing

import (
	"fmt"
	"math"
	"os"
)

// DefaultLimit is the longest frame of a framing whose Limit is zero, in bytes.
const DefaultLimit = 64 << 10

// A Framing says how frames lie in a stream of bytes. Lines, LengthPrefixed and
// Netstrings are some.
type Framing interface {
	// Split looks for the first frame of a stream that begins with data. The
	// first seen bytes of data were looked at before, by a call that found no
	// complete frame in them. Whether and where there is a frame, and every
	// error, depends on the bytes only and not on the pieces they come in.
	//
	// The error is a *LimitError, one that is ErrMalformed, or one that is
	// os.ErrInvalid if the framing itself makes no sense.
	Split(data []byte, seen int) (Cut, error)

	// Append appends a frame, and what belongs to it in the stream, to dst. Its
	// errors are those of Split: what it refuses, Split would not give back. Then
	// dst is returned as it was.
	Append(dst, frame []byte) ([]byte, error)

	// MaxSize is how long a frame can be with what belongs to it. Among so many
	// bytes Split finds a frame or an error.
	MaxSize() int
}

// A Cut is where Split has found a frame.
type Cut struct {
	// Start and End are where the frame lies in the data.
	Start, End int

	// Size is how many bytes it takes with what belongs to it, from the beginning
	// of the data: the next frame begins there. Zero means that there is no
	// complete frame yet.
	Size int

	// Need is how many bytes there have to be at least, if there is no complete
	// frame yet. Zero means that this is not known.
	Need int
}

// greatest is where limits end, so that sizes can be calculated with.
const greatest = math.MaxInt / 16

// resolve returns the limit that a framing's field stands for.
func resolve(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultLimit, nil
	case limit < 0:
		return 0, fmt.Errorf("framing: a limit of %d bytes: %w", limit, os.ErrInvalid)
	}
	return min(limit, greatest), nil
}
