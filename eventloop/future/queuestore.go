package future

// A store is what a Queue keeps its items in.
type store[T any] interface {
	push(T)
	pop() T // there is one
	len() int
	clear()
}

// fifo is a ring whose size is a power of two.
type fifo[T any] struct {
	ring       []T
	head, tail uint
}

func (s *fifo[T]) len() int { return int(s.tail - s.head) }

func (s *fifo[T]) at(i uint) *T { return &s.ring[i&uint(len(s.ring)-1)] }

func (s *fifo[T]) push(v T) {
	if s.len() == len(s.ring) {
		s.grow()
	}
	*s.at(s.tail) = v
	s.tail++
}

func (s *fifo[T]) grow() {
	larger := fifo[T]{ring: make([]T, max(8, 2*len(s.ring)))}
	for s.len() > 0 {
		larger.push(s.pop())
	}
	*s = larger
}

func (s *fifo[T]) pop() T {
	var zero T
	p := s.at(s.head)
	v := *p
	*p = zero
	s.head++
	return v
}

func (s *fifo[T]) clear() { *s = fifo[T]{} }

// lifo is a stack.
type lifo[T any] struct{ items []T }

func (s *lifo[T]) len() int { return len(s.items) }

func (s *lifo[T]) push(v T) { s.items = append(s.items, v) }

func (s *lifo[T]) pop() T {
	var zero T
	last := len(s.items) - 1
	v := s.items[last]
	s.items[last] = zero
	s.items = s.items[:last]
	return v
}

func (s *lifo[T]) clear() { s.items = nil }

// ranked is a binary heap. Equal items keep the order in which they came.
type ranked[T any] struct {
	compare func(a, b T) int
	heap    []rankedItem[T]
	count   uint64
}

type rankedItem[T any] struct {
	value T
	seq   uint64
}

func (s *ranked[T]) len() int { return len(s.heap) }

func (s *ranked[T]) before(a, b *rankedItem[T]) bool {
	order := s.compare(a.value, b.value)
	return order < 0 || order == 0 && a.seq < b.seq
}

func (s *ranked[T]) push(v T) {
	s.count++
	s.heap = append(s.heap, rankedItem[T]{v, s.count})
	for i := len(s.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.before(&s.heap[i], &s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

func (s *ranked[T]) pop() T {
	v := s.heap[0].value
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap[last] = rankedItem[T]{}
	s.heap = s.heap[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if s.before(&s.heap[child], &s.heap[least]) {
				least = child
			}
		}
		if least == i {
			return v
		}
		s.heap[i], s.heap[least] = s.heap[least], s.heap[i]
		i = least
	}
}

func (s *ranked[T]) clear() { s.heap = nil }
