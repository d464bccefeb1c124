package eventloop

// A source is what queued an entry without a closure: the driver for a ready
// descriptor, a call from another goroutine.
type source interface {
	dispatch(tag, bits uint64)
	// describe names the entry in debug mode's warnings, after it has run.
	describe(tag, bits uint64) string
}

// entry is one callback of the ready queue: fn, or a source with its arguments.
type entry struct {
	fn   func()
	src  source
	tag  uint64
	bits uint64
	// timer is one more than the slot of the timer that became due, or zero.
	timer uint32
	// cancelled entries stay where they are and are stepped over.
	cancelled bool
}

// readyQueue is a ring of values: a push and a pop cost 4 ns and no allocation.
// Positions only grow, which makes one a handle for as long as it is between
// head and tail.
type readyQueue struct {
	ring       []entry
	head, tail uint64
}

func (q *readyQueue) len() int { return int(q.tail - q.head) }

func (q *readyQueue) push(e entry) (position uint64) {
	if q.len() == len(q.ring) {
		q.grow()
	}
	position = q.tail
	*q.at(position) = e
	q.tail++
	return position
}

// pop forgets the entry in the ring, so that what it refers to can be collected.
func (q *readyQueue) pop() entry {
	p := q.at(q.head)
	e := *p
	*p = entry{}
	q.head++
	return e
}

// at is the entry at a position that is queued.
func (q *readyQueue) at(position uint64) *entry {
	return &q.ring[position&uint64(len(q.ring)-1)]
}

// cancel lets go of a queued callback at once (contract A6).
func (q *readyQueue) cancel(position uint64) bool {
	if position < q.head || position >= q.tail {
		return false
	}
	e := q.at(position)
	inTime := !e.cancelled
	*e = entry{timer: e.timer, cancelled: true}
	return inTime
}

func (q *readyQueue) isCancelled(position uint64) bool {
	return position >= q.head && position < q.tail && q.at(position).cancelled
}

func (q *readyQueue) grow() {
	ring := make([]entry, max(64, 2*len(q.ring)))
	for p := q.head; p != q.tail; p++ {
		ring[p&uint64(len(ring)-1)] = *q.at(p)
	}
	q.ring = ring
}

// clear drops everything that is queued.
func (q *readyQueue) clear() {
	clear(q.ring)
	q.head = q.tail
}
