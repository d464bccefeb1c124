package streams

const (
	// pieceSize is the size of the memory that readers of one server share.
	pieceSize = 4 << 10

	// spareFew is how much of it is kept while nobody needs it.
	spareFew = 64

	// poison is what overwrites a slice whose time is over, in debug mode.
	poison = 0xDB
)

// shelf is memory for input that nobody uses at the moment: a connection has some
// only while something waits to be read.
type shelf struct{ spare [][]byte }

// take returns empty memory with room for at least n bytes.
func (s *shelf) take(n int) []byte {
	last := len(s.spare) - 1
	if n > pieceSize || last < 0 {
		return make([]byte, 0, max(n, pieceSize))
	}
	b := s.spare[last]
	s.spare[last], s.spare = nil, s.spare[:last]
	return b
}

func (s *shelf) give(b []byte) {
	if cap(b) == pieceSize && len(s.spare) < spareFew {
		s.spare = append(s.spare, b[:0])
	}
}

// inbox is what a StreamReader has received and not handed out.
type inbox struct {
	shelf *shelf
	mem   []byte // nil: nothing is there
	start int    // mem[start:] is there
	lent  []byte // what was handed out, and may still be in use
}

func (b *inbox) len() int { return len(b.mem) - b.start }

// bytes returns what is there, until the next add.
func (b *inbox) bytes() []byte { return b.mem[b.start:] }

// add puts data behind what is there. What was lent stays where it is.
func (b *inbox) add(data []byte) {
	switch n := b.len() + len(data); {
	case len(b.mem)+len(data) <= cap(b.mem):
	case b.lent == nil && n <= cap(b.mem) && b.len() <= cap(b.mem)/2:
		b.mem = b.mem[:copy(b.mem, b.bytes())]
		b.start = 0
	default:
		b.move(n)
	}
	b.mem = append(b.mem, data...)
}

// move takes what is there to larger memory, for n bytes.
func (b *inbox) move(n int) {
	if n > pieceSize {
		n = max(n, 2*b.len())
	}
	old := b.mem
	b.mem = append(b.shelf.take(n), b.bytes()...)
	b.start = 0
	if b.lent == nil {
		b.shelf.give(old)
	}
}

// lend hands out a part of the first size bytes, which are then no longer there.
func (b *inbox) lend(from, to, size int) []byte {
	all := b.bytes()
	b.start += size
	if from == to {
		return all[:0:0]
	}
	b.lent = all[from:to:to]
	return b.lent
}

// takeBack ends a lend.
func (b *inbox) takeBack(debug bool) {
	if debug {
		for i := range b.lent {
			b.lent[i] = poison
		}
	}
	b.lent = nil
}

// drop forgets the first n bytes.
func (b *inbox) drop(n int) { b.start += n }

// rest gives back memory in which nothing is, and nothing is lent.
func (b *inbox) rest() {
	if b.len() == 0 && b.lent == nil && b.mem != nil {
		b.shelf.give(b.mem)
		b.mem, b.start = nil, 0
	}
}
