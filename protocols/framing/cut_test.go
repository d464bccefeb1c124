package framing_test

import (
	"bytes"
	"fmt"

	"github.com/tidemill-go/tidemill/protocols/framing"
)

// outcome is what becomes of a stream: its frames, and how it ended.
type outcome struct {
	Frames []string
	Err    string
	Kind   error
}

// decode hands a stream to a Decoder in the given pieces and then ends it. Memory
// is the most that the Decoder held.
func decode(f framing.Framing, pieces [][]byte) (o outcome, memory int) {
	d := framing.NewDecoder(f)
	for _, data := range pieces {
		for data = bytes.Clone(data); len(data) > 0; {
			frame, rest, ok, err := d.Next(data)
			memory = max(memory, d.Memory())
			if err != nil {
				return o.end(err), memory
			}
			if !ok && len(rest) > 0 {
				panic(fmt.Sprintf("no frame, but %d bytes are left", len(rest)))
			}
			if ok {
				o.Frames = append(o.Frames, string(frame))
				clear(frame) // it is ours: nothing else may lie there
			}
			data = rest
		}
	}
	return o.end(d.End()), memory
}

func (o outcome) end(err error) outcome {
	if o.Kind = err; err != nil {
		o.Err = err.Error()
	}
	return o
}

// cutAll cuts a stream into pieces of n bytes.
func cutAll(stream []byte, n int) (pieces [][]byte) {
	for len(stream) > n {
		pieces, stream = append(pieces, stream[:n]), stream[n:]
	}
	return append(pieces, stream)
}

// cutBy cuts a stream into pieces whose sizes the bytes of cuts say, in turn.
func cutBy(stream, cuts []byte) (pieces [][]byte) {
	for i := 0; len(cuts) > 0 && len(stream) > 0; i++ {
		n := min(int(cuts[i%len(cuts)])%97+1, len(stream))
		pieces, stream = append(pieces, stream[:n]), stream[n:]
	}
	return append(pieces, stream)
}
