package protocols

import (
	"fmt"
	"math"
)

// Watermarks are the marks of a transport's write buffer, in bytes. A field
// that is zero is derived from the other one: Low is a quarter of High, High is
// four times Low, and with both zero they are DefaultHigh and a quarter of it.
// To mean no bytes at all, use Empty.
type Watermarks struct {
	Low, High int
}

const (
	// DefaultHigh is the high-water mark of plain transports.
	DefaultHigh = 64 << 10

	// Empty is the mark of an empty buffer: as High every buffered byte pauses,
	// as Low only an empty buffer resumes.
	Empty = math.MinInt
)

// Resolve returns the marks that w stands for, or an error, which is
// ErrInvalidWatermarks, unless High >= Low >= 0.
func (w Watermarks) Resolve() (Watermarks, error) {
	low, high := w.Low, w.High
	switch {
	case low == 0 && high == 0:
		low, high = DefaultHigh/4, DefaultHigh
	case high == 0:
		high = 4 * min(bytes(low), math.MaxInt/4)
	case low == 0:
		low = bytes(high) / 4
	}
	r := Watermarks{Low: bytes(low), High: bytes(high)}
	if r.Low < 0 || r.High < r.Low {
		return Watermarks{}, fmt.Errorf("%w: low %d, high %d", ErrInvalidWatermarks, r.Low, r.High)
	}
	return r, nil
}

func bytes(mark int) int {
	if mark == Empty {
		return 0
	}
	return mark
}
