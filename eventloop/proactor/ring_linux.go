package proactor

import (
	"errors"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is the memory that an io_uring and its kernel share, outside Go's heap.
// Each queue has one writer of its head and one of its tail.
type ring struct {
	fd                  int
	flags               uint32 // it was set up with
	memory, entryMemory []byte

	sqHead, sqTail, sqFlags *uint32
	cqHead, cqTail          *uint32
	entries                 []submission // power of two
	done                    []completion // power of two

	tail uint32 // of the submissions, ahead of *sqTail until they are published
}

// openRing sets up a disabled ring: whoever enables it becomes its submitter.
func openRing(entries int, features Features) (*ring, setupParams, error) {
	for _, flags := range modes(features) {
		for n := uint32(max(entries, fewest)); n >= fewest; n /= 2 {
			p := setupParams{flags: flags, cqEntries: 16 * n}
			fd, errno := setup(n, &p)
			switch {
			case errno == 0:
				r, err := mapRing(fd, &p)
				return r, p, err
			case errno == unix.EINVAL && flags != plainMode:
				n = 0 // an older kernel: try the next mode
			case errno != unix.ENOMEM:
				return nil, p, refusal("io_uring_setup", errno)
			}
		}
	}
	return nil, setupParams{}, os.NewSyscallError("io_uring_setup", unix.ENOMEM)
}

// fewest is how small a ring is made where memory is short: before Linux 5.12 it
// counts against RLIMIT_MEMLOCK.
const fewest = 64

const plainMode = setupCQSize | setupClamp | setupDisabled

// modes are the ways to set a ring up, best first; the last one works
// everywhere. TASKRUN_FLAG comes with the modes that leave work lying: it tells
// without a system call whether there is any.
func modes(f Features) (list []uint32) {
	const newer = plainMode | setupSubmitAll
	if f&(SingleIssuer|DeferTaskrun) == SingleIssuer|DeferTaskrun {
		list = append(list, newer|setupSingleIssuer|setupDeferTaskrun|setupTaskrunFlag)
	}
	if f&(SingleIssuer|CoopTaskrun) == SingleIssuer|CoopTaskrun {
		list = append(list, newer|setupSingleIssuer|setupCoopTaskrun|setupTaskrunFlag)
	}
	if f&CoopTaskrun != 0 {
		list = append(list, newer|setupCoopTaskrun|setupTaskrunFlag)
	}
	return append(list, plainMode)
}

func mapRing(fd int, p *setupParams) (*ring, error) {
	if p.features&featSingleMmap == 0 {
		return nil, errors.Join(errTooOld, unix.Close(fd))
	}
	r := &ring{fd: fd, flags: p.flags}
	sqSize := uintptr(p.sq.array) + 4*uintptr(p.sqEntries)
	cqSize := uintptr(p.cq.cqes) + unsafe.Sizeof(completion{})*uintptr(p.cqEntries)
	var err error
	if r.memory, err = mapShared(fd, mapRings, max(sqSize, cqSize)); err == nil {
		r.entryMemory, err = mapShared(fd, mapSubmissions, unsafe.Sizeof(submission{})*uintptr(p.sqEntries))
	}
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("mmap", err), r.close())
	}
	r.sqHead, r.sqTail, r.sqFlags = r.word(p.sq.head), r.word(p.sq.tail), r.word(p.sq.flags)
	r.cqHead, r.cqTail = r.word(p.cq.head), r.word(p.cq.tail)
	r.entries = unsafe.Slice((*submission)(unsafe.Pointer(&r.entryMemory[0])), p.sqEntries)
	r.done = unsafe.Slice((*completion)(unsafe.Pointer(&r.memory[p.cq.cqes])), p.cqEntries)
	for i := range p.sqEntries {
		*r.word(p.sq.array + 4*i) = i // entries are submitted in the order of the array
	}
	return r, nil
}

func mapShared(fd int, offset int64, size uintptr) ([]byte, error) {
	return unix.Mmap(fd, offset, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
}

func (r *ring) word(offset uint32) *uint32 {
	return (*uint32)(unsafe.Pointer(&r.memory[offset]))
}

// next returns a cleared entry to fill in, nil if the kernel has not taken
// enough of them yet.
func (r *ring) next() *submission {
	if r.tail-atomic.LoadUint32(r.sqHead) >= uint32(len(r.entries)) {
		return nil
	}
	e := &r.entries[r.tail&uint32(len(r.entries)-1)]
	r.tail++
	*e = submission{}
	return e
}

// pending is how many entries the kernel has not taken.
func (r *ring) pending() uint32 { return r.tail - atomic.LoadUint32(r.sqHead) }

// enter publishes the submissions and makes the one system call. A nil argument
// does not wait.
//
// What does not wait is a raw system call, which the scheduler does not notice,
// unless so much is submitted that it may take long.
func (r *ring) enter(wait *waitArgument) unix.Errno {
	atomic.StoreUint32(r.sqTail, r.tail)
	n := r.pending()
	switch {
	case wait != nil:
		_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 1,
			enterGetEvents|enterExtArg, uintptr(unsafe.Pointer(wait)), unsafe.Sizeof(*wait))
		return errno
	case n > rawLimit:
		_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 0, enterGetEvents, 0, 0)
		return errno
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 0, enterGetEvents, 0, 0)
	return errno
}

// rawLimit is how many submissions a raw system call may carry out: the garbage
// collector waits for it.
const rawLimit = 128

// idle reports whether an enter would find nothing: no submission, no
// completion that overflowed, no work that was left lying. Only modes with
// TASKRUN_FLAG can tell.
func (r *ring) idle() bool {
	return r.flags&setupTaskrunFlag != 0 && r.pending() == 0 &&
		atomic.LoadUint32(r.sqFlags)&(sqTaskrun|sqCQOverflow) == 0
}

// enable makes the calling thread the submitter.
func (r *ring) enable() error {
	if errno := register(r.fd, registerEnableRings, nil, 0); errno != 0 {
		return os.NewSyscallError("io_uring_register", errno)
	}
	return nil
}

// close leaves no way to memory that is not there any more.
func (r *ring) close() error {
	err := errors.Join(unmap(r.memory), unmap(r.entryMemory), unix.Close(r.fd))
	*r = ring{fd: -1}
	return err
}

func unmap(m []byte) error {
	if m == nil {
		return nil
	}
	return os.NewSyscallError("munmap", unix.Munmap(m))
}
