package proactor

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// An operation is what the system writes to until a call is over. It lies outside
// Go's heap: if the system can not be made to let go of it, it stays where it is.
// So it has no pointers to the heap.
type operation struct {
	windows.Overlapped // first: a packet has its address

	op       Op
	tag      uint32
	fd       int32
	accepted int32 // socket or pipe that is being connected
	flags    uint32
	refused  windows.Errno // by the call that was to begin it
}

const (
	// blockSize is the system's granularity of addresses.
	blockSize = 64 << 10

	// acceptedName is what AcceptEx wants for an address: 16 more than the largest
	// that it may be.
	acceptedName = uint32(unsafe.Sizeof(windows.RawSockaddrInet6{}) + 16)

	perBlock = (blockSize - 2*int(acceptedName)) / int(unsafe.Sizeof(operation{}))
)

// operations is a stock of them, which grows and is given back at the end.
type operations struct {
	blocks []unsafe.Pointer
	free   []*operation
	names  *[2 * acceptedName]byte // room for addresses that nobody reads
}

// take returns a cleared operation, nil if there is no memory.
func (s *operations) take() *operation {
	if len(s.free) == 0 && !s.grow() {
		return nil
	}
	last := len(s.free) - 1
	o := s.free[last]
	s.free = s.free[:last]
	*o = operation{}
	return o
}

func (s *operations) grow() bool {
	address, err := windows.VirtualAlloc(0, blockSize, windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return false
	}
	block := *(*unsafe.Pointer)(unsafe.Pointer(&address)) // an address that is not the collector's
	s.blocks = append(s.blocks, block)
	s.names = (*[2 * acceptedName]byte)(unsafe.Add(block, blockSize-2*acceptedName))
	all := unsafe.Slice((*operation)(block), perBlock)
	for i := range all {
		s.free = append(s.free, &all[perBlock-1-i])
	}
	return true
}

func (s *operations) put(o *operation) { s.free = append(s.free, o) }

// release gives everything back. Nothing may be under way.
func (s *operations) release() error {
	var errs []error
	for _, block := range s.blocks {
		errs = append(errs, os.NewSyscallError("VirtualFree", windows.VirtualFree(uintptr(block), 0, windows.MEM_RELEASE)))
	}
	*s = operations{}
	return errors.Join(errs...)
}
