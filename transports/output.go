package transports

import "github.com/tidemill-go/tidemill/protocols"

// output holds what a stream has accepted and the kernel has not taken. An idle
// stream has none.
type output struct {
	pending []byte // not yet given to the driver
	flight  []byte // belongs to the driver until it has reported all of it
	file    int    // the same of a file, in place of flight
	sent    int    // how much of flight or file is reported
}

// size is the number of bytes that the kernel has not taken.
func (o *output) size() int { return len(o.pending) + o.flying() - o.sent }

// flying is how much the driver has.
func (o *output) flying() int { return len(o.flight) + o.file }

// consume drops the first n pending bytes.
func (o *output) consume(n int) {
	o.pending = o.pending[:copy(o.pending, o.pending[n:])]
}

// launch hands the pending bytes over to the driver, which has taken n of them.
// The memory of the previous flight collects what comes next.
func (o *output) launch(n int) {
	o.pending, o.flight, o.sent = o.flight[:0], o.pending, n
}

// land takes the memory of a flight that is reported to its end back.
func (o *output) land() {
	o.flight, o.file, o.sent = o.flight[:0], 0, 0
}

const (
	firstBuffer = 2 << 10  // covers what most callbacks write
	keepBuffer  = 64 << 10 // larger ones go back to the collector
	keepOutputs = 256
)

// Buffers lends memory for output to the transports of one loop, so that a
// stream pays for a buffer only while it holds bytes. It belongs to the loop's
// goroutine; its zero value is ready.
type Buffers struct {
	free    []*output
	queues  []*datagramQueue
	arrived []protocols.Datagram // one batch is handed out at a time
	scratch [][]byte             // of TLS, each for the length of a call
}

func (b *Buffers) take() *output {
	if n := len(b.free); n > 0 {
		o := b.free[n-1]
		b.free = b.free[:n-1]
		return o
	}
	return &output{pending: make([]byte, 0, firstBuffer)}
}

// give takes an output back. Memory in flight stays with the driver.
func (b *Buffers) give(o *output) {
	if len(o.flight) > 0 || cap(o.flight) > keepBuffer {
		o.flight = nil
	}
	o.file, o.sent = 0, 0
	if cap(o.pending) > keepBuffer {
		o.pending = nil
	}
	if len(b.free) < keepOutputs {
		o.pending = o.pending[:0]
		b.free = append(b.free, o)
	}
}
