package proactor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// An iocp is a Proactor over an I/O completion port.
//
// Operations are started when they are submitted. What ends at once ends without
// a packet, where the handle can do so, and is told of by the next Wait like
// everything else.
type iocp struct {
	port       windows.Handle
	operations operations
	buffers    stock

	bound   []binding // by tag
	servers map[int]*pipeServer
	kept    map[int]struct{} // associated, although no tag stands for them
	noLeave bool             // the system can not end an association
	skips   bool             // what ends at once needs no packet

	over     []*operation // that ended without a packet
	done     []Completion // of what never began
	out      []Completion
	short    []uint32 // tags of those who accept and have taken some
	underWay int      // operations that are not over for us
	packets  [128]packet

	vector    windows.WSABuf // of the call that is being made, which copies it
	signal    windows.Handle // an event, for reads that must not post a packet
	connectEx uintptr
	closed    bool

	state  atomic.Uint32 // running, parked or woken
	portMu sync.Mutex    // held to post, and to close the port

	// makeSocket makes what a connection is accepted into.
	makeSocket func(family uint16) (windows.Handle, error)
}

var _ interface {
	Proactor
	FileSender
	PipeListener
} = (*iocp)(nil)

// The states of Wait, for Wake.
const (
	running = iota
	parked
	woken
)

// newIOCP makes a port. Options.Entries means nothing here.
func newIOCP(o Options) (Proactor, error) {
	if err := startWinsock(); err != nil {
		return nil, err
	}
	port, err := windows.CreateIoCompletionPort(windows.InvalidHandle, 0, 0, 1)
	if err != nil {
		return nil, os.NewSyscallError("CreateIoCompletionPort", err)
	}
	signal, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("CreateEvent", err), windows.CloseHandle(port))
	}
	return &iocp{
		port: port, signal: signal, buffers: newStock(o.Buffers), makeSocket: openStream,
		skips:   o.Without&SkippedPackets == 0,
		servers: make(map[int]*pipeServer), kept: make(map[int]struct{}),
	}, nil
}

// Name implements Proactor.
func (p *iocp) Name() string { return "iocp" }

// Polls implements Binder.
func (p *iocp) Polls() bool { return false }

// Poll implements Submitter: it fails.
func (p *iocp) Poll(_ int, tag uint32, op Op) { p.refuse(op, tag, windows.WSAEOPNOTSUPP) }

// Wait implements Proactor.
func (p *iocp) Wait(until time.Time, park func() bool) ([]Completion, error) {
	if p.closed {
		return nil, net.ErrClosed
	}
	p.out = p.out[:0]
	if err := p.collect(0); err != nil {
		return nil, err
	}
	if len(p.out) > 0 || len(p.over) > 0 || park == nil || !until.IsZero() && !time.Now().Before(until) {
		return p.out, nil
	}
	p.state.Store(parked)
	defer p.state.Store(running)
	if park() {
		if err := p.collect(milliseconds(until)); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

// milliseconds are what is left until then, rounded up; INFINITE for the zero
// time.
func milliseconds(until time.Time) uint32 {
	if until.IsZero() {
		return windows.INFINITE
	}
	d := max(time.Until(until), 0)
	return uint32(min((d+time.Millisecond-1)/time.Millisecond, windows.INFINITE-1))
}

// collect takes over what has ended without a packet, and then packets, for which
// it waits.
func (p *iocp) collect(timeout uint32) error {
	over := len(p.over)
	for i := range over {
		p.end(p.over[i])
	}
	p.over = p.over[:copy(p.over, p.over[over:])]
	n, errno := dequeue(p.port, p.packets[:], timeout)
	if errno != 0 && errno != windows.Errno(windows.WAIT_TIMEOUT) {
		return os.NewSyscallError("GetQueuedCompletionStatusEx", errno)
	}
	for i := range p.packets[:n] {
		if o := p.packets[i].operation; o != nil { // not a wake
			p.end(o)
		}
	}
	p.acceptMore()
	p.out = append(p.out, p.done...)
	p.done = p.done[:0]
	return nil
}

// end finds out what became of an operation.
func (p *iocp) end(o *operation) {
	switch o.op {
	case Receive:
		p.received(o)
	case Send:
		p.sent(o)
	case Accept:
		p.accepted(o)
	case Connect:
		p.connected(o)
	}
}

// begin gives an operation memory. Where there is none it has failed, and the
// answer is nil.
func (p *iocp) begin(op Op, fd int, tag uint32) *operation {
	if int(tag) >= len(p.bound) || p.bound[tag].kind == kindNone {
		p.refuse(op, tag, windows.ERROR_INVALID_HANDLE)
		return nil
	}
	o := p.operations.take()
	if o == nil {
		p.refuse(op, tag, windows.WSAENOBUFS)
		return nil
	}
	o.op, o.tag, o.fd = op, tag, int32(fd)
	if op != Accept {
		p.bound[tag].under[op-1] = o
	}
	p.underWay++
	return o
}

// refuse ends an operation that never began.
func (p *iocp) refuse(op Op, tag uint32, errno windows.Errno) {
	p.done = append(p.done, Completion{Tag: tag, Outcome: NewOutcome(op, -int32(errno), false, -1)})
}

// begun is told how the system has answered the call that begins an operation.
func (p *iocp) begun(o *operation, errno windows.Errno) {
	switch {
	case errno == windows.ERROR_IO_PENDING:
	case errno != 0:
		o.refused = errno
		p.over = append(p.over, o)
	case p.bound[o.tag].skips:
		p.over = append(p.over, o)
	}
}

// finish tells of an operation and forgets it. n is as in NewOutcome.
func (p *iocp) finish(o *operation, n int32, buffer int) {
	p.out = append(p.out, Completion{Tag: o.tag, Outcome: NewOutcome(o.op, n, false, buffer)})
	p.bound[o.tag].under[o.op-1] = nil
	p.forget(o)
}

func (p *iocp) forget(o *operation) {
	p.operations.put(o)
	p.underWay--
}

// Cancel implements Submitter. An operation that is over already can not be found
// any more, and is told of as what it has become.
func (p *iocp) Cancel(tag uint32, op Op) {
	if int(tag) >= len(p.bound) {
		return
	}
	b := &p.bound[tag]
	switch {
	case op == Accept && b.accepts != nil:
		p.stopAccepting(b.accepts, 0)
	case op <= Connect && b.under[op-1] != nil:
		p.cancel(b.under[op-1])
	}
}

func (p *iocp) cancel(o *operation) {
	h := windows.Handle(o.fd)
	if o.op == Accept && p.bound[o.tag].kind == kindServer {
		h = windows.Handle(o.accepted)
	}
	_ = windows.CancelIoEx(h, &o.Overlapped)
}

// Bytes implements Proactor.
func (p *iocp) Bytes(o Outcome) []byte { return p.buffers.bytes(o.buffer(), o.N()) }

// Recycle implements Proactor.
func (p *iocp) Recycle(o Outcome) {
	if o.HasBuffer() {
		p.buffers.recycle(o.buffer())
	}
}

// Free implements Proactor.
func (p *iocp) Free() int { return p.buffers.available() }

// Wake implements Proactor: one packet for each park.
func (p *iocp) Wake() {
	if !p.state.CompareAndSwap(parked, woken) {
		return
	}
	p.portMu.Lock()
	defer p.portMu.Unlock()
	if p.port != 0 {
		// It fails only for want of memory.
		_ = windows.PostQueuedCompletionStatus(p.port, 0, 0, nil)
	}
}

// iocpDrainLimit is how long Close waits for an operation to end.
const iocpDrainLimit = 5 * time.Second

// Close implements Proactor. If an operation can not be ended in five seconds the
// memory that it may touch is given up, not back.
func (p *iocp) Close() error {
	if p.closed {
		return nil
	}
	err := p.drain()
	p.closed = true
	if err == nil {
		err = p.operations.release()
	}
	for fd := range p.servers {
		p.dropServer(fd)
	}
	p.portMu.Lock()
	port := p.port
	p.port = 0
	p.portMu.Unlock()
	return errors.Join(err, windows.CloseHandle(port), windows.CloseHandle(p.signal))
}

func (p *iocp) drain() error {
	for tag := range p.bound {
		for op := Receive; op <= Connect; op++ {
			p.Cancel(uint32(tag), op)
		}
	}
	var park func() bool // what has ended already comes without waiting
	for limit := time.Now().Add(iocpDrainLimit); time.Now().Before(limit); {
		done, err := p.Wait(limit, park)
		if err != nil {
			return err
		}
		p.discard()
		if p.underWay == 0 && len(p.done) == 0 {
			return nil
		}
		if len(done) > 0 {
			limit = time.Now().Add(iocpDrainLimit)
		}
		park = func() bool { return true }
	}
	return fmt.Errorf("iocp: %d operations can not be cancelled", p.underWay)
}

// discard closes what was accepted: nobody is there to be told.
func (p *iocp) discard() {
	for _, c := range p.out {
		if o := c.Outcome; o.Op() == Accept && o.Err() == nil {
			_ = platform.CloseFD(o.N())
		}
	}
}
