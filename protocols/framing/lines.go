package framing

import "bytes"

// Lines are frames that end with a line feed. The frame is the line without that
// and without a carriage return before it, so that both habits are understood.
// What comes after the last line feed is no frame.
type Lines struct {
	// Limit is the longest line in bytes, its end not counted. Zero means
	// DefaultLimit; a negative one is os.ErrInvalid.
	Limit int

	// CRLF has Append end lines with a carriage return and a line feed.
	CRLF bool
}

var _ Framing = Lines{}

// Split implements Framing.
func (l Lines) Split(data []byte, seen int) (Cut, error) {
	limit, err := resolve(l.Limit)
	if err != nil {
		return Cut{}, err
	}
	end, size := len(data), 0
	if i := bytes.IndexByte(data[seen:], '\n'); i >= 0 {
		end, size = seen+i, seen+i+1
	}
	if end > 0 && data[end-1] == '\r' { // may be the first half of an end
		end--
	}
	switch {
	case end > limit:
		return Cut{}, &LimitError{Limit: limit, Size: uint64(limit) + 1}
	case size == 0:
		return Cut{}, nil
	}
	return Cut{End: end, Size: size}, nil
}

// Append implements Framing. A line with a line feed inside is ErrMalformed, and
// one that would end with another carriage return than it should.
func (l Lines) Append(dst, line []byte) ([]byte, error) {
	limit, err := resolve(l.Limit)
	switch {
	case err != nil:
		return dst, err
	case len(line) > limit:
		return dst, &LimitError{Limit: limit, Size: uint64(len(line))}
	case bytes.IndexByte(line, '\n') >= 0:
		return dst, malformed("a line feed inside a line")
	case !l.CRLF && bytes.HasSuffix(line, []byte{'\r'}):
		return dst, malformed("a carriage return that would be taken for a part of the line's end")
	}
	dst = append(dst, line...)
	if l.CRLF {
		dst = append(dst, '\r')
	}
	return append(dst, '\n'), nil
}

// MaxSize implements Framing.
func (l Lines) MaxSize() int {
	limit, _ := resolve(l.Limit)
	return limit + len("\r\n")
}
