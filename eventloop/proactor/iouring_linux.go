package proactor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// An ioUring is a Proactor over io_uring(7).
type ioUring struct {
	ring     *ring
	buffers  *buffers
	features Features
	proven   Features // multishot operations that have worked

	spill     []submission // behind a ring that is full
	receiving []int32      // descriptors by tag, where receives are polls
	underWay  int          // operations whose last completion is to come
	out       []Completion

	enabled bool
	closed  bool
	skipped int // looks that were spared, one after another

	argument waitArgument
	timeout  [2]int64

	bellMu sync.RWMutex // held to ring; for writing, to take the bell down
	bell   int          // an eventfd, -1 if there is none
}

var _ Proactor = (*ioUring)(nil)

// Name implements Proactor.
func (u *ioUring) Name() string { return "io_uring" }

// Attach implements Binder: a descriptor needs no introduction.
func (u *ioUring) Attach(int, uint32) error { return nil }

// Detach implements Binder.
func (u *ioUring) Detach(int, uint32) {}

// Polls implements Binder.
func (u *ioUring) Polls() bool { return true }

func (u *ioUring) has(f Features) bool { return u.features&f == f }

// maxSkipped is how many looks in a row are spared because nothing seems to be
// there: the flag does not speak of everything.
const maxSkipped = 8

// Wait implements Proactor.
func (u *ioUring) Wait(until time.Time, park func() bool) ([]Completion, error) {
	if u.closed {
		return nil, net.ErrClosed
	}
	if !u.enabled {
		if err := u.begin(); err != nil {
			return nil, err
		}
	}
	u.out = u.out[:0]
	u.buffers.publish()
	if err := u.exchange(); err != nil {
		return nil, err
	}
	if len(u.out) == 0 && park != nil && (until.IsZero() || time.Now().Before(until)) && park() {
		u.skipped = 0
		if err := u.check(u.ring.enter(u.waitUntil(until))); err != nil {
			return nil, err
		}
		u.collect()
	}
	return u.out, nil
}

func (u *ioUring) begin() error {
	if err := u.ring.enable(); err != nil {
		return err
	}
	u.enabled = true
	u.listen()
	return nil
}

// exchange hands everything over, in as many calls as the ring's size takes, and
// collects what is complete.
func (u *ioUring) exchange() error {
	for {
		u.refill()
		if u.skipped < maxSkipped && u.ring.idle() {
			u.skipped++
			u.collect()
			return nil
		}
		u.skipped = 0
		before := u.ring.pending()
		if err := u.check(u.ring.enter(nil)); err != nil {
			return err
		}
		found := u.collect()
		if left := u.ring.pending(); left == 0 && len(u.spill) == 0 || left == before && !found {
			return nil // all, or the kernel wants a rest
		}
	}
}

// check tells a broken ring from one that could not do everything.
func (u *ioUring) check(errno unix.Errno) error {
	switch errno {
	case 0, unix.EINTR, unix.ETIME, unix.EAGAIN, unix.EBUSY:
		return nil
	}
	return os.NewSyscallError("io_uring_enter", errno)
}

// waitUntil fills in the argument of an enter that waits.
func (u *ioUring) waitUntil(until time.Time) *waitArgument {
	u.argument = waitArgument{}
	if !until.IsZero() {
		d := max(time.Until(until), 0)
		u.timeout = [2]int64{int64(d / time.Second), int64(d % time.Second)}
		u.argument.timeout = uint64(uintptr(unsafe.Pointer(&u.timeout)))
	}
	return &u.argument
}

// collect takes over what has completed, and reports whether there was anything.
func (u *ioUring) collect() bool {
	r := u.ring
	head, tail := atomic.LoadUint32(r.cqHead), atomic.LoadUint32(r.cqTail)
	if head == tail {
		return false
	}
	for ; head != tail; head++ {
		u.take(&r.done[head&uint32(len(r.done)-1)])
	}
	atomic.StoreUint32(r.cqHead, head)
	return true
}

func (u *ioUring) take(c *completion) {
	op, tag, more := Op(c.userData>>32), uint32(c.userData), c.flags&cqeMore != 0
	switch op {
	case cancelOp:
		return
	case wakeOp:
		if c.res == -int32(unix.EINVAL) {
			u.features &^= MultishotPoll
		}
		u.answer(more)
		return
	}
	if !more {
		u.underWay--
	}
	o := u.outcome(op, tag, c, more)
	u.out = append(u.out, Completion{Tag: tag, Outcome: o})
}

func (u *ioUring) outcome(op Op, tag uint32, c *completion, more bool) Outcome {
	switch {
	case op == Receive && !u.has(ProvidedBuffers):
		return u.receive(tag, c.res)
	case c.flags&cqeBuffer != 0:
		u.buffers.taken()
		u.proven |= MultishotReceive
		return NewOutcome(op, c.res, more, int(c.flags>>16))
	case op == Receive && c.res == -int32(unix.ENOBUFS):
		u.buffers.shortage()
	case c.res == -int32(unix.EINVAL):
		return NewOutcome(op, u.blame(op, c.res), false, -1)
	case (op == Readable || op == Writable) && c.res >= 0:
		o := NewOutcome(op, 0, more, -1)
		if c.res&(unix.POLLERR|unix.POLLHUP) != 0 {
			o |= hungUpBit
		}
		return o
	case op == Accept && c.res >= 0:
		u.proven |= MultishotAccept
	}
	return NewOutcome(op, c.res, more, -1)
}

// blame finds out whether EINVAL means a feature that the kernel has not: then
// it is not used any more, and the operation counts as cancelled, to be
// submitted again.
func (u *ioUring) blame(op Op, res int32) int32 {
	multishot := map[Op]Features{Receive: MultishotReceive, Accept: MultishotAccept}[op]
	if multishot == 0 || u.proven&multishot != 0 || !u.has(multishot) {
		return res
	}
	u.features &^= multishot
	return -int32(unix.ECANCELED)
}

// receive makes the receive that a poll has waited for.
func (u *ioUring) receive(tag uint32, res int32) Outcome {
	if res < 0 {
		return NewOutcome(Receive, res, false, -1)
	}
	id, ok := u.buffers.pick()
	if !ok {
		return NewOutcome(Receive, -int32(unix.ENOBUFS), false, -1)
	}
	n, err := platform.Recv(int(u.receiving[tag]), u.buffers.bytes(id, BufferSize))
	if n > 0 && err == nil {
		return NewOutcome(Receive, int32(n), false, int(id))
	}
	u.buffers.recycle(id)
	var errno unix.Errno
	switch {
	case platform.WouldBlock(err):
		errno = unix.ECANCELED // somebody else was faster: submit it again
	case err != nil:
		errors.As(err, &errno)
	}
	return NewOutcome(Receive, -int32(errno), false, -1)
}

// Bytes implements Proactor.
func (u *ioUring) Bytes(o Outcome) []byte { return u.buffers.bytes(o.buffer(), o.N()) }

// Recycle implements Proactor.
func (u *ioUring) Recycle(o Outcome) {
	if o.HasBuffer() {
		u.buffers.recycle(o.buffer())
	}
}

// Free implements Proactor.
func (u *ioUring) Free() int { return u.buffers.available() }

// Owns implements Proactor.
func (u *ioUring) Owns(fd int) bool { return fd == u.ring.fd || fd == u.bell && fd >= 0 }

// Wake implements Proactor. The lock is for the bell's number, which is somebody
// else's after Close.
func (u *ioUring) Wake() {
	u.bellMu.RLock()
	defer u.bellMu.RUnlock()
	if u.bell >= 0 {
		one := uint64(1)
		// It can not block and fails only if 2^64 calls were not answered.
		_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(u.bell), uintptr(unsafe.Pointer(&one)), 8)
	}
}

// answer stops the bell, so that its next ring is heard.
func (u *ioUring) answer(more bool) {
	var count uint64
	_, _, _ = unix.RawSyscall(unix.SYS_READ, uintptr(u.bell), uintptr(unsafe.Pointer(&count)), 8)
	if !more {
		u.listen()
	}
}

// drainLimit is how long Close waits for an operation to end. Those on sockets,
// pipes and terminals are cancelled at once.
const drainLimit = 5 * time.Second

// Close implements Proactor. If an operation can not be ended in five seconds the
// memory that it may touch is given up, not back.
func (u *ioUring) Close() error {
	if u.closed {
		return nil
	}
	err := u.drain()
	u.closed = true
	if err != nil {
		u.buffers = nil
	}
	return errors.Join(err, u.release())
}

func (u *ioUring) drain() error {
	if !u.enabled {
		return nil
	}
	always := func() bool { return true }
	u.cancelAll()
	for limit := time.Now().Add(drainLimit); u.underWay > 0 && time.Now().Before(limit); {
		done, err := u.Wait(limit, always)
		if err != nil {
			return err
		}
		if len(done) > 0 {
			limit = time.Now().Add(drainLimit)
		}
		u.discard()
	}
	if u.underWay == 0 {
		return nil
	}
	return fmt.Errorf("io_uring: %d operations can not be cancelled", u.underWay)
}

// discard gives up what has completed: nobody is there to be told.
func (u *ioUring) discard() {
	for _, c := range u.out {
		switch o := c.Outcome; {
		case o.HasBuffer():
			u.buffers.recycle(o.buffer())
		case o.Op() == Accept && o.Err() == nil:
			_ = platform.CloseFD(o.N())
		}
	}
}

// release closes and unmaps what is there.
func (u *ioUring) release() error {
	u.bellMu.Lock()
	bell := u.bell
	u.bell = -1
	u.bellMu.Unlock()
	var errs []error
	if bell >= 0 {
		errs = append(errs, unix.Close(bell))
	}
	errs = append(errs, u.ring.close())
	if u.buffers != nil {
		errs = append(errs, u.buffers.close())
	}
	return errors.Join(errs...)
}
