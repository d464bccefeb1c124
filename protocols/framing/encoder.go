package framing

import "io"

// An Encoder writes frames, whatever belongs to them included, with one Write of
// the transport or whatever else it writes to.
type Encoder struct {
	framing Framing
	memory  []byte
}

// NewEncoder returns an Encoder, which keeps little memory of its own.
func NewEncoder(f Framing) *Encoder { return &Encoder{framing: f} }

// Write writes frames with one call of w.Write, and nothing if there are none. It
// returns the framing's error, and then nothing was written, or that of w.
func (e *Encoder) Write(w io.Writer, frames ...[]byte) (err error) {
	if len(frames) == 0 {
		return nil
	}
	all := e.memory[:0]
	for _, frame := range frames {
		if all, err = e.framing.Append(all, frame); err != nil {
			return err
		}
	}
	if e.memory = all[:0]; cap(all) > keptMemory {
		e.memory = nil
	}
	_, err = w.Write(all)
	return err
}
