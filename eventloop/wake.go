package eventloop

import (
	"sync"
	"sync/atomic"
)

// What a loop's goroutine is doing, for those who want to wake it. A producer
// either sees parked, so that its Wake comes after everything the loop has put
// into place before parking, or it sees running, and then the loop's own look
// at pending, which comes after it published parked, sees what was queued.
const (
	running uint32 = iota
	parked
	waking
)

// mailbox is the queue of calls from other goroutines: a mutex, a slice that is
// swapped, and a flag that spares all producers but the first the waking.
type mailbox struct {
	mu       sync.Mutex
	queue    []posted
	spare    []posted
	closed   bool
	pending  atomic.Bool
	stopping atomic.Bool
	state    atomic.Uint32
	wake     func()      // Selector.Wake
	mayPark  func() bool // park, made once so that a Wait allocates nothing
}

func (m *mailbox) begin(wake func()) {
	m.wake, m.mayPark = wake, m.park
}

// posted is a callback with or without a handle.
type posted struct {
	fn   func()
	call *call
}

// put queues p and wakes the loop if it sleeps; ErrLoopClosed once closed.
func (m *mailbox) put(p posted) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrLoopClosed
	}
	m.queue = append(m.queue, p)
	first := !m.pending.Load()
	m.pending.Store(true)
	m.mu.Unlock()
	if first {
		m.rouse()
	}
	return nil
}

// rouse wakes a parked loop, once.
func (m *mailbox) rouse() {
	if m.state.CompareAndSwap(parked, waking) {
		m.wake()
	}
}

// stop makes the running or the next run leave after its iteration.
func (m *mailbox) stop() {
	m.stopping.Store(true)
	m.rouse()
}

// park is the Selector's question whether to block.
func (m *mailbox) park() bool {
	m.state.Store(parked)
	if m.pending.Load() || m.stopping.Load() {
		m.state.Store(running)
		return false
	}
	return true
}

// drain hands what was queued to push, in order.
func (m *mailbox) drain(push func(posted)) {
	if !m.pending.Load() {
		return
	}
	m.mu.Lock()
	queue := m.queue
	m.queue = m.spare
	m.pending.Store(false)
	m.mu.Unlock()
	for i := range queue {
		push(queue[i])
		queue[i] = posted{}
	}
	m.spare = queue[:0]
}

// close refuses everything from now on and drops what is queued.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.queue, m.spare = nil, nil
	m.pending.Store(false)
	m.mu.Unlock()
}
