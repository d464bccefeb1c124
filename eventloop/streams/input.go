package streams

const (
	// smallBuffer is where buffers begin, and what an idle connection keeps.
	smallBuffer = 4 << 10

	// freshBuffer is where they begin again when a reader has caught up: the next
	// receive call may find nothing, and nobody hears of that.
	freshBuffer = 16 << 10

	// smallestLimit is what lower limits are raised to: reading pieces of a few
	// bytes costs more than the memory.
	smallestLimit = 512
)

// input is what was received and not read yet. The loop has the kernel put
// bytes behind the end, without the lock; readers take them from the front. Its
// memory grows while receive calls fill it, up to the limit, and shrinks while
// they do not.
type input struct {
	mem        []byte
	start, end int  // of the bytes that are there
	size       int  // of the next mem
	limit      int  // of size
	lent       bool // the memory behind end is out of our hands
}

func newInput(limit int) input {
	return input{size: min(smallBuffer, limit), limit: limit}
}

func (in *input) len() int { return in.end - in.start }

// space returns room to receive into, never none.
func (in *input) space() []byte {
	if in.start == in.end {
		in.start, in.end = 0, 0
		if len(in.mem) != in.size {
			in.mem = make([]byte, in.size)
		}
	}
	if in.end == len(in.mem) {
		in.grow()
	}
	in.lent = true
	return in.mem[in.end:]
}

// grow makes room behind the end: by moving what is there if half of the memory
// is free, else in a larger piece.
func (in *input) grow() {
	to := in.mem
	if in.len() > len(in.mem)/2 {
		n := max(2*len(in.mem), in.size)
		if len(in.mem) < in.limit {
			n = min(n, in.limit)
		}
		to = make([]byte, n)
	}
	in.end = copy(to, in.mem[in.start:in.end])
	in.start, in.mem = 0, to
}

// filled says how much of space was used.
func (in *input) filled(n int) {
	in.lent = false
	in.end += n
	switch {
	case in.end == len(in.mem):
		in.size = min(2*len(in.mem), in.limit)
	case in.len() < len(in.mem)/8:
		in.size = max(in.size/2, min(smallBuffer, in.limit))
	}
}

// full reports whether receiving is to pause: what is free at the front is then
// less than what moving the rest would be worth.
func (in *input) full() bool {
	return in.len() >= in.limit || in.end == len(in.mem) && in.end >= in.limit && !in.low()
}

// low reports whether receiving may go on.
func (in *input) low() bool { return in.len() <= in.limit/2 }

func (in *input) take(p []byte) int {
	n := copy(p, in.mem[in.start:in.end])
	in.start += n
	return n
}

// drop forgets what is there.
func (in *input) drop() { in.start = in.end }

// rest gives back more than an idle connection should keep. Memory that is lent
// only the loop can take back, between its receive calls: then rest returns
// false, and the loop is to call it with its own word for that.
func (in *input) rest(onLoop bool) bool {
	if in.start != in.end || len(in.mem) <= smallBuffer {
		return true
	}
	if in.lent && !onLoop {
		return false
	}
	in.mem, in.start, in.end, in.lent = nil, 0, 0, false
	in.size = min(in.size, freshBuffer)
	return true
}
