package framing

import "slices"

const (
	// firstTaste is how much of a piece is added at first to a frame that has
	// begun in an earlier one and does not say how long it is.
	firstTaste = 64

	// keptMemory is what a Decoder and an Encoder keep between frames.
	keptMemory = 4 << 10
)

// A Decoder finds the frames of a stream that comes in pieces. A frame that lies
// within one piece is not copied; one that does not is put together in memory of
// the Decoder, which is never more than the framing's MaxSize.
type Decoder struct {
	framing Framing
	partial []byte // of a frame that is not complete
	need    int    // the Cut's
	handed  bool   // partial is a frame that was handed out
	err     error
}

// NewDecoder returns a Decoder at the beginning of a stream.
func NewDecoder(f Framing) *Decoder { return &Decoder{framing: f} }

// Next looks for the next frame of the stream, which goes on with data. It
// returns the frame, if there is one, and what of data comes after it; without a
// frame, rest is empty and what has begun is kept. The frame lies in data or in
// the Decoder, and is valid until the next call. The errors are those of the
// framing; they are final: later calls return them again.
func (d *Decoder) Next(data []byte) (frame, rest []byte, ok bool, err error) {
	if d.err != nil {
		return nil, nil, false, d.err
	}
	if d.handed {
		d.forget()
	}
	if len(d.partial) > 0 {
		return d.complete(data)
	}
	cut, err := d.framing.Split(data, 0)
	switch {
	case err != nil:
		return nil, nil, false, d.fail(err)
	case cut.Size > 0:
		return data[cut.Start:cut.End:cut.End], data[cut.Size:], true, nil
	}
	d.need = cut.Need
	return nil, nil, false, d.keep(data)
}

// complete goes on with a frame that has begun in an earlier piece. It adds to it
// as much as the frame needs, or little by little: what follows the frame is to
// stay where it is.
func (d *Decoder) complete(data []byte) (frame, rest []byte, ok bool, err error) {
	for len(data) > 0 {
		seen := len(d.partial)
		n := min(len(data), max(d.need-seen, 0))
		if n == 0 {
			n = min(len(data), max(seen, firstTaste))
		}
		n = min(n, max(d.framing.MaxSize()-seen, 1))
		if err := d.keep(data[:n]); err != nil {
			return nil, nil, false, err
		}
		cut, err := d.framing.Split(d.partial, seen)
		switch {
		case err != nil:
			return nil, nil, false, d.fail(err)
		case cut.Size > 0:
			d.handed = true
			return d.partial[cut.Start:cut.End:cut.End], data[cut.Size-seen:], true, nil
		}
		d.need, data = cut.Need, data[n:]
	}
	return nil, nil, false, nil
}

// keep adds to the frame that has begun. Memory grows with what came and not with
// what was announced.
func (d *Decoder) keep(data []byte) error {
	size, most := len(d.partial)+len(data), d.framing.MaxSize()
	if size > most {
		return d.fail(&LimitError{Limit: most, Size: uint64(size)})
	}
	if size > cap(d.partial) {
		grown := make([]byte, len(d.partial), min(max(size, 2*cap(d.partial), firstTaste), most))
		copy(grown, d.partial)
		d.partial = grown
	}
	d.partial = append(d.partial, data...)
	return nil
}

func (d *Decoder) fail(err error) error {
	d.err, d.partial = err, nil
	return err
}

func (d *Decoder) forget() {
	d.handed, d.need = false, 0
	if d.partial = d.partial[:0]; cap(d.partial) > keptMemory {
		d.partial = nil
	}
}

// Partial returns what has come of a frame that is not complete: what a protocol
// that takes the stream over has to be given first. It is valid until the next
// call.
func (d *Decoder) Partial() []byte {
	if d.handed {
		d.forget()
	}
	return d.partial
}

// End says that the stream is over. It returns an *IncompleteError if a frame has
// begun, or the error of an earlier Next.
func (d *Decoder) End() error {
	if d.err == nil && len(d.Partial()) > 0 {
		d.err = &IncompleteError{Partial: slices.Clone(d.partial), Expected: d.need}
	}
	return d.err
}
