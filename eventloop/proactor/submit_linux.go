package proactor

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// Operations of our own, whose completions nobody else is told of. They follow
// the last public one.
const (
	wakeOp Op = iota + Writable + 1
	cancelOp
)

// userData names an operation to the kernel.
func userData(op Op, tag uint32) uint64 { return uint64(op)<<32 | uint64(tag) }

// entry returns an entry for an operation, in the ring or, as long as that is
// full, in a queue that the next Wait hands over: nothing enters the kernel
// outside Wait. It is valid until the next one is asked for.
func (u *ioUring) entry(op Op, tag uint32, opcode uint8, fd int) *submission {
	var e *submission
	if len(u.spill) == 0 {
		e = u.ring.next()
	}
	if e == nil {
		u.spill = append(u.spill, submission{})
		e = &u.spill[len(u.spill)-1]
	}
	e.opcode, e.fd, e.userData = opcode, int32(fd), userData(op, tag)
	if op <= Writable {
		u.underWay++
	}
	return e
}

// refill moves what did not fit into the ring.
func (u *ioUring) refill() {
	n := 0
	for n < len(u.spill) {
		e := u.ring.next()
		if e == nil {
			break
		}
		*e = u.spill[n]
		n++
	}
	if n > 0 {
		rest := copy(u.spill, u.spill[n:])
		clear(u.spill[rest:])
		u.spill = u.spill[:rest]
	}
}

// Receive implements Submitter.
func (u *ioUring) Receive(fd int, tag uint32, once bool) {
	if !u.has(ProvidedBuffers) {
		u.remember(fd, tag)
		u.pollFor(Receive, fd, tag, unix.POLLIN|unix.POLLRDHUP)
		return
	}
	e := u.entry(Receive, tag, opRecv, fd)
	e.flags = sqeBufferSelect
	if !once && u.has(MultishotReceive) {
		e.ioprio = ioprioRecvMultishot
	}
}

// remember keeps the descriptor of a receive that is to be made when it is
// readable.
func (u *ioUring) remember(fd int, tag uint32) {
	for int(tag) >= len(u.receiving) {
		u.receiving = append(u.receiving, -1)
	}
	u.receiving[tag] = int32(fd)
}

// Accept implements Submitter. No address is asked for: a multishot accept would
// write them all to one place.
func (u *ioUring) Accept(fd int, tag uint32) {
	e := u.entry(Accept, tag, opAccept, fd)
	e.opFlags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	if u.has(MultishotAccept) {
		e.ioprio = ioprioAcceptMultishot
	}
}

// Send implements Submitter. It does not ask for MSG_WAITALL: progress is to be
// told.
func (u *ioUring) Send(fd int, tag uint32, b []byte) {
	e := u.entry(Send, tag, opSend, fd)
	e.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	e.length = uint32(min(len(b), 1<<30))
	e.opFlags = unix.MSG_NOSIGNAL
}

// Connect implements Submitter.
func (u *ioUring) Connect(fd int, tag uint32, to *platform.Name) {
	b := to.Bytes()
	e := u.entry(Connect, tag, opConnect, fd)
	e.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	e.off = uint64(len(b))
}

// Poll implements Submitter.
func (u *ioUring) Poll(fd int, tag uint32, op Op) {
	mask := uint32(unix.POLLIN | unix.POLLRDHUP)
	if op == Writable {
		mask = unix.POLLOUT
	}
	u.pollFor(op, fd, tag, mask)
}

func (u *ioUring) pollFor(op Op, fd int, tag, mask uint32) {
	e := u.entry(op, tag, opPollAdd, fd)
	e.opFlags = pollMask(mask)
}

// pollMask has its halves swapped where the most significant byte comes first.
func pollMask(mask uint32) uint32 {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return bits.RotateLeft32(mask, 16)
	}
	return mask
}

// Cancel implements Submitter.
func (u *ioUring) Cancel(tag uint32, op Op) {
	e := u.entry(cancelOp, 0, opAsyncCancel, -1)
	e.addr = userData(op, tag)
}

// cancelAll ends whatever is under way. Before Linux 5.19 the kernel refuses it,
// and only those end that were cancelled one by one.
func (u *ioUring) cancelAll() {
	e := u.entry(cancelOp, 0, opAsyncCancel, -1)
	e.opFlags = cancelAll | cancelAny
}

// listen arms the poll of the bell.
func (u *ioUring) listen() {
	e := u.entry(wakeOp, 0, opPollAdd, u.bell)
	e.opFlags = pollMask(unix.POLLIN)
	if u.has(MultishotPoll) {
		e.length = pollMultishot
	}
}
