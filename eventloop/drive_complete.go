package eventloop

import (
	"fmt"
	"math/bits"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// completionDriver is transports.Driver over a Proactor: it submits operations
// and is told of their ends. What has no completion form, pipes and terminals,
// files that are passed, batches of datagrams, the program's own readers and
// writers, is polled through the same queue and then done directly. Where the
// Proactor does not poll, pipes are received from and sent to like sockets, raw
// socket calls wait aside, and the platform table has refused the rest.
//
// A slot lives until its last operation has ended and its last entry has left
// the ready queue, so that a completion always finds the slot that it is for: a
// handle becomes stale before that, when it is closed. At most one operation of
// a kind is under way for a slot, whose number is their tag.
type completionDriver struct {
	descriptors
	loop  *Loop
	p     proactor.Proactor
	polls bool
	files proactor.FileSender // nil: the system does not send files by itself
	aside *aside              // nil: no raw socket call has had to wait

	changed  []uint32 // slots to arrange before the next wait
	starving []uint32 // slots whose receive found no buffer, in order
	late     []proactor.Completion
	sends    [][]byte // what the kernel sends from
	noSends  []uint32 // free ones of them
	filing   int      // outstanding SendFiles

	buffer []byte // for what is received directly
	post   postRoom

	collectOnce func()
	pumping     bool // inside pump
	reported    bool // a send was, in the last pump
	unsent      bool // a send or connect was submitted since then
	closed      bool
	failure     error // of a pump between two waits
}

var _ kernelHalf = (*completionDriver)(nil)

// held is what completions brought and nobody wanted yet.
type held struct {
	pieces []piece
	fds    []int // accepted
	failed error // what ended accepting
	to     *platform.Name
}

// piece is what one receive brought: bytes or the end.
type piece struct {
	data []byte
	err  error
}

// Entries of the ready queue that are no completions.
const (
	deliverHeld proactor.Op = iota + 32
	callReader
	callWriter
)

func newCompletionDriver(l *Loop, p proactor.Proactor) *completionDriver {
	d := &completionDriver{loop: l, p: p, polls: p.Polls()}
	d.files, _ = proactor.As[proactor.FileSender](p)
	d.ready, d.half = &l.ready, d
	d.collectOnce = func() {
		if err := d.pump(time.Time{}, nil); err != nil {
			d.failure = err
		}
	}
	return d
}

// wait implements driver.
func (d *completionDriver) wait(until time.Time, park func() bool) error {
	err := d.failure
	d.failure = nil
	if err == nil {
		err = d.pump(until, park)
	}
	if err != nil {
		return fmt.Errorf("the %s proactor failed: %w", d.loop.kind, err)
	}
	return nil
}

// rest implements driver.
func (d *completionDriver) rest() {
	if d.unsent {
		d.collect()
	}
}

// wake implements driver.
func (d *completionDriver) wake() { d.p.Wake() }

// pump submits, waits and books. It runs no user code.
func (d *completionDriver) pump(until time.Time, park func() bool) error {
	d.pumping = true
	defer func() { d.pumping = false }()
	d.arrangeAll()
	d.unsent = false
	done, err := d.p.Wait(until, park)
	for _, c := range done {
		d.book(c)
	}
	// A descriptor's reader runs before its writer, in whatever order they were
	// found (contract A16).
	for _, c := range d.late {
		d.bookPoll(c.Tag, c.Outcome)
	}
	d.late = d.late[:0]
	return err
}

// collect is a pump in the middle of an iteration, so that what was submitted is
// done, or cancelled, when it returns.
func (d *completionDriver) collect() {
	if !d.pumping && !d.closed {
		d.loop.onThread(d.collectOnce)
	}
}

// Settle implements transports.Driver. Half a send that went out is followed by
// the other half in the next round.
func (d *completionDriver) Settle() {
	for len(d.sends)+d.filing > len(d.noSends) && !d.pumping && !d.closed {
		d.reported = false
		if d.collect(); !d.reported {
			return
		}
	}
}

// bit is an operation in a set of them.
func bit(op proactor.Op) uint8 { return 1 << (op - 1) }

// under reports whether an operation is under way.
func (s *slot) under(op proactor.Op) bool { return s.registered&bit(op) != 0 }

// book takes over what has completed: sends at once, because no user code runs,
// everything else as a callback.
func (d *completionDriver) book(c proactor.Completion) {
	i, o := c.Tag, c.Outcome
	op, s := o.Op(), &d.slots[i]
	if !o.More() {
		s.registered &^= bit(op)
	}
	switch {
	case op == proactor.Send:
		d.sent(i, o)
	case s.facts&retired != 0:
		d.discard(s, o)
		d.tidy(i)
	case op == proactor.Receive:
		d.bookReceive(i, o)
	case op == proactor.Accept:
		d.bookAccept(i, o)
	case op == proactor.Connect:
		d.push(i, o)
	case op == proactor.Writable:
		d.late = append(d.late, c)
	default:
		d.bookPoll(i, o)
	}
}

// push queues an outcome for its slot.
func (d *completionDriver) push(i uint32, o proactor.Outcome) {
	d.slots[i].queued++
	d.ready.push(entry{src: d, tag: uint64(i), bits: uint64(o)})
}

// isPassing tells errors that only say: again.
func isPassing(err error) bool {
	return err == syscall.ECANCELED || err == syscall.EINTR || platform.WouldBlock(err)
}

// dispatch implements source.
func (d *completionDriver) dispatch(tag, bits uint64) {
	i, o := uint32(tag), proactor.Outcome(bits)
	// Deferred, because a callback may end its goroutine, and the buffer and the
	// slot must not be lost with it.
	defer d.dispatched(i, o)
	if d.slots[i].facts&retired != 0 {
		return
	}
	switch o.Op() {
	case proactor.Receive:
		d.received(i, o)
	case deliverHeld:
		d.deliverHeld(i)
	case proactor.Accept:
		d.accept(i)
	case proactor.Connect:
		d.connected(i, o)
	case proactor.Readable:
		d.readable(i, o)
	case proactor.Writable:
		d.writable(i, o)
	default:
		d.call(i, o)
	}
}

func (d *completionDriver) dispatched(i uint32, o proactor.Outcome) {
	d.p.Recycle(o)
	s := &d.slots[i]
	s.facts &^= lending
	s.queued--
	switch {
	case s.facts&retired != 0:
		d.tidy(i)
	case o.Op() == proactor.Accept:
		d.acceptOn(i)
	case !o.More():
		d.touch(i)
	}
}

// discard gives up what came for a handle that is closed.
func (d *completionDriver) discard(s *slot, o proactor.Outcome) {
	switch {
	case o.HasBuffer():
		s.facts |= resets
		d.p.Recycle(o)
	case o.Op() == proactor.Accept && o.Err() == nil:
		_ = platform.CloseFD(o.N())
	}
}

// describe implements source.
func (d *completionDriver) describe(tag, bits uint64) string {
	i := uint32(tag)
	s := &d.slots[i]
	switch op := proactor.Outcome(bits).Op(); {
	case op == callReader || op == callWriter:
		if s.rare != nil && s.rare.watcher(op == callWriter).fn != nil {
			return funcName(s.rare.watcher(op == callWriter).fn)
		}
		return "reader or writer that removed itself"
	case s.facts&retired != 0:
		return "closed descriptor"
	}
	return d.descriptors.describe(uint64(transports.NewHandle(i, s.generation)), 0)
}

// shut closes every descriptor that is ours, waits for the operations that are
// being cancelled, and closes the proactor.
func (d *completionDriver) shut() error {
	d.closed = true // Close does not collect any more: all are cancelled together
	if d.aside != nil {
		d.aside.stop()
	}
	for fd := range d.owners {
		h, s := d.owner(fd)
		switch {
		case s == nil:
		case s.facts&borrowed != 0:
			abandoned := *s.rare
			d.drop(h)
			abandoned.abandon()
		default:
			s.orphan()
			d.Close(h)
		}
	}
	err := d.drain()
	if closing := d.p.Close(); err == nil {
		err = closing
	}
	for i := range d.slots {
		s := &d.slots[i]
		s.registered = 0
		s.facts &^= attached // by Close
		d.tidy(uint32(i))
	}
	d.ready.clear()
	d.buffer, d.post = nil, postRoom{}
	if err == nil {
		d.sends = nil
	}
	return err
}

// drain waits until nothing is under way.
func (d *completionDriver) drain() error {
	const patience = 5 * time.Second
	always := func() bool { return true }
	under := func() (n int) {
		for i := range d.slots {
			n += bits.OnesCount8(d.slots[i].registered)
		}
		return n
	}
	left := under()
	for limit := time.Now().Add(patience); left > 0 && time.Now().Before(limit); {
		if err := d.pump(limit, always); err != nil {
			return err
		}
		if now := under(); now < left {
			left, limit = now, time.Now().Add(patience)
		}
	}
	return nil
}
