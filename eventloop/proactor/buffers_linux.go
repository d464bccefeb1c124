package proactor

import (
	"errors"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buffers is the memory to receive into, outside Go's heap. With a ring of
// provided buffers the kernel picks them; without one they are picked from a
// list.
//
// The kernel goes round through all that the ring has, so that each receive finds
// the buffer that was used longest ago, and the coldest: with 256 of them large
// messages cost a third more than with 16. So few are in use at first, and others
// only as long as they are needed.
type buffers struct {
	memory []byte
	count  int
	free   int      // in the ring
	lent   int      // filled, and not recycled
	spare  []uint16 // not in use; those to pick from where there is no ring

	peak, seen int // of lent, in as many recycles

	ringMemory []byte
	ring       []bufferEntry // nil: no such ring
	tail       uint16
}

const (
	// fewBuffers are in use at least.
	fewBuffers = 16

	// season is how many recycles it takes to see that there are too many.
	season = 4096
)

// newBuffers maps the memory. Pages that no receive has reached cost nothing.
func newBuffers(fd, count int, provided bool) (*buffers, error) {
	b := &buffers{count: 1}
	for b.count < count {
		b.count *= 2
	}
	var err error
	b.memory, err = unix.Mmap(-1, 0, b.count*BufferSize, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	if provided {
		if err := b.provide(fd); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	for i := range b.count {
		b.spare = append(b.spare, uint16(b.count-1-i))
	}
	if b.ring != nil {
		b.use(fewBuffers)
	}
	return b, nil
}

// provide registers a ring of buffers. A kernel before 5.19 answers EINVAL, and
// there is none then.
func (b *buffers) provide(fd int) (err error) {
	size := b.count * int(unsafe.Sizeof(bufferEntry{}))
	b.ringMemory, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	b.ring = unsafe.Slice((*bufferEntry)(unsafe.Pointer(&b.ringMemory[0])), b.count)
	r := bufferRegistration{addr: uint64(uintptr(unsafe.Pointer(&b.ring[0]))), entries: uint32(b.count)}
	switch errno := register(fd, registerBufferRing, unsafe.Pointer(&r), 1); errno {
	case 0:
	case unix.EINVAL:
		b.ring = nil
	default:
		return os.NewSyscallError("io_uring_register", errno)
	}
	return nil
}

// use puts n of the spare buffers into the ring, as far as there are any.
func (b *buffers) use(n int) {
	for range min(n, len(b.spare)) {
		id := b.spare[len(b.spare)-1]
		b.spare = b.spare[:len(b.spare)-1]
		b.offer(id)
	}
}

// shortage is told when the kernel found none.
func (b *buffers) shortage() {
	if b.ring != nil {
		b.use(max(b.free+b.lent, fewBuffers))
	}
}

// recycle gives a buffer back; the kernel sees it after publish. At the end of a
// season in which less than half of those in use were ever out, one is put aside
// for each that comes back.
func (b *buffers) recycle(id uint16) {
	b.lent--
	inUse := b.free + b.lent + 1
	if b.seen++; b.seen > season {
		if inUse > fewBuffers && 2*b.peak < inUse {
			b.spare = append(b.spare, id)
			return
		}
		b.seen, b.peak = 0, b.lent
	}
	if b.ring == nil {
		b.spare = append(b.spare, id)
		return
	}
	b.offer(id)
}

// offer puts a buffer into the ring.
func (b *buffers) offer(id uint16) {
	b.free++
	e := &b.ring[int(b.tail)&(b.count-1)]
	e.addr, e.length, e.id = uint64(uintptr(unsafe.Pointer(&b.memory[int(id)*BufferSize]))), BufferSize, id
	b.tail++
}

// publish moves the ring's tail. It shares a word with the id of the first
// entry, which is ours too: there is no atomic store of 16 bits.
func (b *buffers) publish() {
	if b.ring == nil {
		return
	}
	word := [2]uint16{b.ring[0].id, b.tail}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&b.ring[0].id)), *(*uint32)(unsafe.Pointer(&word)))
}

// taken books a buffer that the kernel has filled.
func (b *buffers) taken() {
	b.free--
	b.out()
}

func (b *buffers) out() {
	b.lent++
	b.peak = max(b.peak, b.lent)
}

// available is how many buffers nobody has.
func (b *buffers) available() int { return b.free + len(b.spare) }

// pick takes a buffer where there is no ring.
func (b *buffers) pick() (id uint16, ok bool) {
	n := len(b.spare)
	if n == 0 {
		return 0, false
	}
	id = b.spare[n-1]
	b.spare = b.spare[:n-1]
	b.out()
	return id, true
}

func (b *buffers) bytes(id uint16, n int) []byte {
	start := int(id) * BufferSize
	return b.memory[start : start+n : start+n]
}

// close unmaps everything. The ring that knows the buffers must be closed, or
// have no receive under way.
func (b *buffers) close() error {
	err := errors.Join(unmap(b.memory), unmap(b.ringMemory))
	*b = buffers{}
	return err
}
