package streams

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
)

// ReadUntil returns the input up to and including a separator; of several, that
// one whose match ends first. If the input ends before, the error is an
// *IncompleteError that holds the rest, which is read then. If what comes before
// the separator is longer than the limit, it is a *LimitError, and everything
// stays buffered: read it in another way. No separator, or an empty one, is
// os.ErrInvalid.
func (r *StreamReader) ReadUntil(ctx context.Context, separators ...[]byte) ([]byte, error) {
	longest := 0
	for _, s := range separators {
		if len(s) == 0 {
			return nil, invalid("an empty separator")
		}
		longest = max(longest, len(s))
	}
	if longest == 0 {
		return nil, invalid("no separator")
	}
	return r.until(ctx, longest, func(data []byte, seen int) (start, end int) {
		return firstMatch(data, seen, separators)
	})
}

// firstMatch looks for separators in data, of which the first seen bytes hold
// none. It returns where the match that ends first begins and ends, or zeros. Of
// two that end together the longer one counts.
func firstMatch(data []byte, seen int, separators [][]byte) (start, end int) {
	for _, s := range separators {
		from := max(seen-len(s)+1, 0)
		i := bytes.Index(data[from:], s)
		if i < 0 {
			continue
		}
		if at := from + i; end == 0 || at+len(s) < end || at+len(s) == end && at < start {
			start, end = at, at+len(s)
		}
	}
	return start, end
}

// until reads up to what find finds, which is at most longest bytes long.
func (r *StreamReader) until(ctx context.Context, longest int, find func(data []byte, seen int) (start, end int)) ([]byte, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	for seen := 0; ; {
		start, end := find(r.in.bytes(), seen)
		seen = r.in.len()
		if end == 0 {
			start = seen - longest + 1 // no match can begin before
		}
		switch {
		case start > r.limit:
			return nil, &LimitError{Limit: r.limit, Size: uint64(start)}
		case end > 0:
			return r.lend(0, end, end), nil
		case r.eof:
			return nil, r.incomplete(0)
		}
		if err := r.wait(ctx, seen+1); err != nil {
			return nil, err
		}
	}
}

// ReadLine returns the next line with its line feed. Only the last one may have
// none; behind it the error is io.EOF. If a line is longer than the limit, the
// error is a *LimitError, and the line is dropped: what there is of it, if its
// end has not come (contract Q11).
func (r *StreamReader) ReadLine(ctx context.Context) ([]byte, error) {
	line, err := r.until(ctx, 1, lineFeed)
	switch e := err.(type) {
	case nil:
		return line, nil
	case *IncompleteError:
		if len(e.Partial) == 0 {
			return nil, io.EOF
		}
		return e.Partial, nil
	case *LimitError:
		n := r.in.len()
		if _, end := lineFeed(r.in.bytes(), int(e.Size)); end > 0 {
			n = end
		}
		r.in.drop(n)
		r.goOn()
	}
	return nil, err
}

func lineFeed(data []byte, seen int) (start, end int) {
	if i := bytes.IndexByte(data[seen:], '\n'); i >= 0 {
		return seen + i, seen + i + 1
	}
	return 0, 0
}

// Lines is ReadLine until the end of input, for a range statement. An error is
// handed out, without a line, and ends it.
func (r *StreamReader) Lines(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := r.ReadLine(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
