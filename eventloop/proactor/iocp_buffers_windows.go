package proactor

// stock is the memory to receive into. It is in Go's heap, because the system is
// asked for bytes that are there already, and writes them during the call. A
// buffer is made when it is first needed; the one that came back last is used
// next, for it is still in the cache.
type stock struct {
	memory [][]byte // by id, nil where there is none yet
	spare  []uint16
	lent   int

	peak, seen int // of lent, in as many returns
}

const (
	// keptBuffers are never given up again.
	keptBuffers = 16

	// stockSeason is how many returns it takes to see that there are too many.
	stockSeason = 1024
)

// newStock rounds up to a power of two, as rings of buffers must.
func newStock(count int) stock {
	n := 1
	for n < count {
		n *= 2
	}
	s := stock{memory: make([][]byte, n)}
	for i := range n {
		s.spare = append(s.spare, uint16(n-1-i))
	}
	return s
}

// pick lends a buffer of BufferSize.
func (s *stock) pick() (id uint16, b []byte, ok bool) {
	last := len(s.spare) - 1
	if last < 0 {
		return 0, nil, false
	}
	id = s.spare[last]
	s.spare = s.spare[:last]
	if s.memory[id] == nil {
		s.memory[id] = make([]byte, BufferSize)
	}
	s.lent++
	s.peak = max(s.peak, s.lent)
	return id, s.memory[id], true
}

// recycle takes a buffer back. At the end of a season in which fewer than half of
// them were ever out the others are left to the collector.
func (s *stock) recycle(id uint16) {
	s.lent--
	s.spare = append(s.spare, id)
	if s.seen++; s.seen < stockSeason {
		return
	}
	if idle := len(s.spare) - max(2*s.peak, keptBuffers); idle > 0 {
		for _, id := range s.spare[:idle] { // used longest ago
			s.memory[id] = nil
		}
	}
	s.seen, s.peak = 0, s.lent
}

// available is how many buffers nobody has.
func (s *stock) available() int { return len(s.spare) }

func (s *stock) bytes(id uint16, n int) []byte { return s.memory[id][:n:n] }
