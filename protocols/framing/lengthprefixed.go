package framing

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

// Uvarint, as LengthPrefixed.Bytes, is a length of variable size, as
// encoding/binary and protocol buffers have it.
const Uvarint = -1

// LengthPrefixed are frames behind their length, which does not count itself.
type LengthPrefixed struct {
	// Bytes is the size of the length: 1, 2, 4, 8 or Uvarint. Zero means 4;
	// anything else is os.ErrInvalid.
	Bytes int

	// LittleEndian says that the length begins with its lowest byte.
	LittleEndian bool

	// Limit is the longest frame in bytes, its length not counted. Zero means
	// DefaultLimit, or as much as the length can say if that is less; a negative
	// one is os.ErrInvalid.
	Limit int
}

var _ Framing = LengthPrefixed{}

// Split implements Framing.
func (p LengthPrefixed) Split(data []byte, _ int) (Cut, error) {
	width, limit, err := p.resolve()
	if err != nil {
		return Cut{}, err
	}
	length, header := uint64(0), width
	if width == Uvarint {
		if length, header, err = uvarint(data); err != nil || header == 0 {
			return Cut{}, err
		}
	} else {
		if len(data) < width {
			return Cut{Need: width}, nil
		}
		length = p.length(data[:width])
	}
	if length > uint64(limit) {
		return Cut{}, &LimitError{Limit: limit, Size: length}
	}
	size := header + int(length)
	if len(data) < size {
		return Cut{Need: size}, nil
	}
	return Cut{Start: header, End: size, Size: size}, nil
}

// uvarint returns a length and its size, which is zero if it goes on behind the
// data.
func uvarint(data []byte) (length uint64, header int, err error) {
	length, header = binary.Uvarint(data)
	if header < 0 || header == 0 && len(data) >= binary.MaxVarintLen64 {
		return 0, 0, malformed("a length of more than 64 bits")
	}
	return length, header, nil
}

func (p LengthPrefixed) length(b []byte) (n uint64) {
	for i := range b {
		next := b[i]
		if p.LittleEndian {
			next = b[len(b)-1-i]
		}
		n = n<<8 | uint64(next)
	}
	return n
}

// Append implements Framing.
func (p LengthPrefixed) Append(dst, frame []byte) ([]byte, error) {
	width, limit, err := p.resolve()
	if err != nil {
		return dst, err
	}
	length := uint64(len(frame))
	switch {
	case len(frame) > limit:
		return dst, &LimitError{Limit: limit, Size: length}
	case width == Uvarint:
		dst = binary.AppendUvarint(dst, length)
	default:
		for i := range width {
			if !p.LittleEndian {
				i = width - 1 - i
			}
			dst = append(dst, byte(length>>(8*i)))
		}
	}
	return append(dst, frame...), nil
}

// MaxSize implements Framing.
func (p LengthPrefixed) MaxSize() int {
	width, limit, _ := p.resolve()
	if width == Uvarint {
		width = binary.MaxVarintLen64
	}
	return width + limit
}

// resolve returns what the fields stand for. A limit that the length can not say
// is none.
func (p LengthPrefixed) resolve() (width, limit int, err error) {
	if width = p.Bytes; width == 0 {
		width = 4
	}
	if limit, err = resolve(p.Limit); err != nil {
		return 0, 0, err
	}
	switch width {
	case 1:
		limit = min(limit, math.MaxUint8)
	case 2:
		limit = min(limit, math.MaxUint16)
	case 4:
		limit = int(min(uint64(limit), math.MaxUint32))
	case 8, Uvarint:
	default:
		return 0, 0, fmt.Errorf("framing: a length of %d bytes: %w", p.Bytes, os.ErrInvalid)
	}
	return width, limit, nil
}
