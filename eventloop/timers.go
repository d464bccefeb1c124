package eventloop

import "math"

// timerHeap keeps timers by deadline, those with the same one in scheduling
// order. It is a 4-ary heap of values without pointers, which the collector
// does not look into; a slot knows its place in it, so that cancelling removes
// a timer at once instead of leaving it to rot.
type timerHeap struct {
	heap  []deadline
	slots []timerSlot
	free  []uint32
	count uint64
}

type deadline struct {
	when int64 // nanoseconds since the loop was made
	seq  uint64
	slot uint32
}

func (a deadline) before(b deadline) bool {
	return a.when < b.when || a.when == b.when && a.seq < b.seq
}

type timerSlot struct {
	fn         func()
	generation uint32
	index      int32  // in the heap, or inQueue
	position   uint64 // in the ready queue once due
}

const inQueue = -1

// add schedules fn and returns the slot and its generation.
func (h *timerHeap) add(when int64, fn func()) (slot, generation uint32) {
	if n := len(h.free); n > 0 {
		slot = h.free[n-1]
		h.free = h.free[:n-1]
	} else {
		slot = uint32(len(h.slots))
		h.slots = append(h.slots, timerSlot{})
	}
	s := &h.slots[slot]
	s.fn = fn
	s.generation++
	h.count++
	h.heap = append(h.heap, deadline{when, h.count, slot})
	h.up(len(h.heap) - 1)
	return slot, s.generation
}

// next is the earliest deadline.
func (h *timerHeap) next() (when int64, ok bool) {
	if len(h.heap) == 0 {
		return math.MaxInt64, false
	}
	return h.heap[0].when, true
}

// due takes the earliest timer out of the heap; its slot stays taken until
// release, for a Cancel that comes before it has run.
func (h *timerHeap) due() (slot uint32, fn func()) {
	slot = h.heap[0].slot
	h.remove(0)
	s := &h.slots[slot]
	s.index = inQueue
	fn, s.fn = s.fn, nil
	return slot, fn
}

// at is the slot of a handle, nil if that is over.
func (h *timerHeap) at(slot, generation uint32) *timerSlot {
	if s := &h.slots[slot]; s.generation == generation {
		return s
	}
	return nil
}

// release frees a slot; handles on it are over.
func (h *timerHeap) release(slot uint32) {
	s := &h.slots[slot]
	s.fn = nil
	s.generation++
	h.free = append(h.free, slot)
}

func (h *timerHeap) remove(i int) {
	n := len(h.heap) - 1
	last := h.heap[n]
	h.heap = h.heap[:n]
	if i == n {
		return
	}
	h.heap[i] = last
	if i > 0 && last.before(h.heap[(i-1)/4]) {
		h.up(i)
	} else {
		h.down(i)
	}
}

func (h *timerHeap) place(i int, d deadline) {
	h.heap[i] = d
	h.slots[d.slot].index = int32(i)
}

func (h *timerHeap) up(i int) {
	d := h.heap[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !d.before(h.heap[parent]) {
			break
		}
		h.place(i, h.heap[parent])
		i = parent
	}
	h.place(i, d)
}

func (h *timerHeap) down(i int) {
	d := h.heap[i]
	for {
		least := 4*i + 1
		if least >= len(h.heap) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(h.heap)); c++ {
			if h.heap[c].before(h.heap[least]) {
				least = c
			}
		}
		if !h.heap[least].before(d) {
			break
		}
		h.place(i, h.heap[least])
		i = least
	}
	h.place(i, d)
}

// clear drops every timer; all handles are over.
func (h *timerHeap) clear() {
	h.heap = nil
	h.free = h.free[:0]
	for i := range h.slots {
		h.slots[i] = timerSlot{generation: h.slots[i].generation + 1}
		h.free = append(h.free, uint32(i))
	}
}
