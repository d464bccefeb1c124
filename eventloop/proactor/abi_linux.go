package proactor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The shapes and numbers of include/uapi/linux/io_uring.h, as far as they are
// used.

// setupParams is struct io_uring_params.
type setupParams struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wqFD uint32

	_  [3]uint32
	sq struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32

		_ uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32

		_ uint64
	}
}

// submission is struct io_uring_sqe.
type submission struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off, addr     uint64
	length        uint32
	opFlags       uint32
	userData      uint64
	group         uint16
	_             uint16
	_             uint32
	_, _          uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	userData uint64
	res      int32
	flags    uint32
}

// waitArgument is struct io_uring_getevents_arg.
type waitArgument struct {
	mask     uint64
	maskSize uint32
	_        uint32
	timeout  uint64 // address of a timespec of 64-bit numbers
}

// bufferEntry is struct io_uring_buf. The tail of the ring lies in the last
// field of the first one.
type bufferEntry struct {
	addr   uint64
	length uint32
	id     uint16
	tail   uint16
}

// bufferRegistration is struct io_uring_buf_reg.
type bufferRegistration struct {
	addr    uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

// probe is struct io_uring_probe with room for every opcode.
type probe struct {
	lastOp, count uint8
	_             uint16
	_             [3]uint32
	ops           [256]struct {
		opcode, _ uint8
		flags     uint16
		_         uint32
	}
}

const (
	opPollAdd     = 6
	opAccept      = 13
	opAsyncCancel = 14
	opConnect     = 16
	opSend        = 26
	opRecv        = 27

	sqeBufferSelect = 1 << 5

	ioprioAcceptMultishot = 1 << 0
	ioprioRecvMultishot   = 1 << 1
	pollMultishot         = 1 << 0

	cancelAll = 1 << 0
	cancelAny = 1 << 2

	cqeBuffer = 1 << 0
	cqeMore   = 1 << 1

	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupDisabled     = 1 << 6
	setupSubmitAll    = 1 << 7
	setupCoopTaskrun  = 1 << 8
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	featSingleMmap   = 1 << 0
	featNoDrop       = 1 << 1
	featSubmitStable = 1 << 2
	featFastPoll     = 1 << 5
	featExtArg       = 1 << 8

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	sqCQOverflow = 1 << 1
	sqTaskrun    = 1 << 2

	registerProbe       = 8
	registerEnableRings = 12
	registerBufferRing  = 22

	probeSupported = 1 << 0

	mapRings       = 0
	mapSubmissions = 0x10000000
)

func setup(entries uint32, p *setupParams) (fd int, errno unix.Errno) {
	r, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	return int(r), errno
}

func register(fd int, opcode uintptr, argument unsafe.Pointer, n uintptr) unix.Errno {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), opcode, uintptr(argument), n, 0, 0)
	return errno
}
