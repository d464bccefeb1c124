package transports

import (
	"slices"

	"github.com/tidemill-go/tidemill/platform"
)

// datagramQueue holds datagrams that wait to be sent, in order. Payload lies in
// blocks that are filled up and never moved, so that a datagram costs no memory
// of its own; a block is given up when the last datagram in it is sent.
type datagramQueue struct {
	items []platform.Outgoing
	head  int    // of what is not sent yet
	block []byte // the one that is being filled
	size  int    // payload of what is not sent yet
}

const (
	queueBlock = 64 << 10
	keepItems  = 1 << 10
	keepQueues = 16
)

func (q *datagramQueue) isEmpty() bool { return q.head == len(q.items) }

// waiting are the datagrams not sent yet, valid until the next change.
func (q *datagramQueue) waiting() []platform.Outgoing { return q.items[q.head:] }

// add copies b and to.
func (q *datagramQueue) add(b []byte, to *platform.Name) {
	if len(b) > cap(q.block)-len(q.block) {
		q.block = make([]byte, 0, max(queueBlock, len(b)))
	}
	start := len(q.block)
	q.block = append(q.block, b...)
	q.items = append(q.items, platform.Outgoing{Data: q.block[start:len(q.block):len(q.block)], To: *to})
	q.size += len(b)
}

// drop forgets the first n of waiting.
func (q *datagramQueue) drop(n int) {
	for i := range q.items[q.head : q.head+n] {
		item := &q.items[q.head+i]
		q.size -= len(item.Data)
		item.Data = nil
	}
	q.head += n
	switch {
	case q.isEmpty():
		q.items, q.head, q.block = q.items[:0], 0, q.block[:0]
	case q.head >= coalesceDatagrams && q.head > len(q.items)/2:
		q.items, q.head = slices.Delete(q.items, 0, q.head), 0
	}
}

// takeQueue lends an empty queue.
func (b *Buffers) takeQueue() *datagramQueue {
	if n := len(b.queues); n > 0 {
		q := b.queues[n-1]
		b.queues = b.queues[:n-1]
		return q
	}
	return &datagramQueue{block: make([]byte, 0, queueBlock)}
}

// giveQueue takes a queue back, with whatever is left in it.
func (b *Buffers) giveQueue(q *datagramQueue) {
	q.drop(len(q.waiting()))
	if len(b.queues) < keepQueues && cap(q.block) == queueBlock && cap(q.items) <= keepItems {
		b.queues = append(b.queues, q)
	}
}

func (d *Datagram) isQueueing() bool { return d.queue != nil && !d.queue.isEmpty() }

func (d *Datagram) size() int {
	if d.queue == nil {
		return 0
	}
	return d.queue.size
}

func (d *Datagram) put(b []byte, to *platform.Name) {
	if d.queue == nil {
		d.queue = d.host.Buffers().takeQueue()
	}
	d.queue.add(b, to)
}

// release lends the memory of an empty or given-up queue back.
func (d *Datagram) release() {
	if d.queue != nil {
		d.host.Buffers().giveQueue(d.queue)
		d.queue = nil
	}
}
