package framing

import "strconv"

// Netstrings are frames of the form "5:hello,": the length in decimal digits
// without leading zeros, a colon, the frame, a comma.
type Netstrings struct {
	// Limit is the longest frame in bytes, nothing else counted. Zero means
	// DefaultLimit; a negative one is os.ErrInvalid.
	Limit int
}

var _ Framing = Netstrings{}

// Split implements Framing.
func (n Netstrings) Split(data []byte, _ int) (Cut, error) {
	limit, err := resolve(n.Limit)
	if err != nil {
		return Cut{}, err
	}
	length, header, err := digits(data, limit)
	if err != nil || header == 0 {
		return Cut{}, err
	}
	end := header + length
	switch {
	case len(data) <= end:
		return Cut{Need: end + 1}, nil
	case data[end] != ',':
		return Cut{}, malformed("%q in the place of a netstring's comma", data[end])
	}
	return Cut{Start: header, End: end, Size: end + 1}, nil
}

// digits reads a length and its colon and returns how long they are together:
// zero if they go on behind the data.
func digits(data []byte, limit int) (length, header int, err error) {
	for i, c := range data {
		switch {
		case c == ':' && i > 0:
			return length, i + 1, nil
		case c < '0' || c > '9':
			return 0, 0, malformed("%q in a netstring's length", c)
		case i > 0 && length == 0:
			return 0, 0, malformed("a netstring's length that begins with zero")
		}
		if length = 10*length + int(c-'0'); length > limit {
			return 0, 0, &LimitError{Limit: limit, Size: uint64(length)}
		}
	}
	return 0, 0, nil
}

// Append implements Framing.
func (n Netstrings) Append(dst, frame []byte) ([]byte, error) {
	limit, err := resolve(n.Limit)
	switch {
	case err != nil:
		return dst, err
	case len(frame) > limit:
		return dst, &LimitError{Limit: limit, Size: uint64(len(frame))}
	}
	dst = strconv.AppendInt(dst, int64(len(frame)), 10)
	dst = append(dst, ':')
	dst = append(dst, frame...)
	return append(dst, ','), nil
}

// MaxSize implements Framing.
func (n Netstrings) MaxSize() int {
	limit, _ := resolve(n.Limit)
	return len(strconv.Itoa(limit)) + len(":,") + limit
}
