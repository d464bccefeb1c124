package memory

// DefaultCapacity is how many bytes one direction holds unless told otherwise.
const DefaultCapacity = 64 << 10

// wire is one direction of a connection: what the kernels of both sides hold
// between a send and a receive.
type wire struct {
	data     []byte
	capacity int
	trickle  int // most bytes of one call; 0: no limit
	clogged  bool
	ended    bool // nothing more will be sent
}

func (w *wire) room() int {
	if w.clogged {
		return 0
	}
	return max(w.capacity-len(w.data), 0)
}

// put takes as much of b as there is room for.
func (w *wire) put(b []byte) int {
	n := w.limit(min(len(b), w.room()))
	w.data = append(w.data, b[:n]...)
	return n
}

// take moves waiting bytes into b.
func (w *wire) take(b []byte) int {
	n := copy(b[:w.limit(min(len(b), len(w.data)))], w.data)
	w.data = w.data[:copy(w.data, w.data[n:])]
	return n
}

func (w *wire) limit(n int) int {
	if w.trickle > 0 {
		return min(n, w.trickle)
	}
	return n
}
