package selector

import (
	"math"
	"os"
	"syscall"
	"time"
	"unsafe"

	"github.com/tidemill-go/tidemill/platform"
	"golang.org/x/sys/windows"
)

// maxSockets is how many sockets asyncio's selector loop takes on Windows, whose
// fd_set a program sizes itself: CPython defines FD_SETSIZE as 512.
const maxSockets = 512

// soExclusiveUse is SO_EXCLUSIVEADDRUSE, which x/sys does not name.
const soExclusiveUse = ^windows.SO_REUSEADDR

// A socketSet is an fd_set, which here is no bit map but a list. It has one place
// more than Add gives away, for the wake socket.
type socketSet struct {
	count   uint32
	sockets [maxSockets + 1]windows.Handle
}

func (s *socketSet) add(h windows.Handle) {
	s.sockets[s.count] = h
	s.count++
}

func (s *socketSet) all() []windows.Handle { return s.sockets[:s.count] }

// What x/sys does not wrap, looked up at the first call.
var (
	procSelect               = windows.NewLazySystemDLL("ws2_32.dll").NewProc("select")
	procGetHandleInformation = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
)

// timeval is Winsock's: both fields are long, which has 32 bits on every Windows.
type timeval struct{ sec, usec int32 }

// selectSockets leaves in the three sets what is ready; a negative timeout is
// none. At least one set must have a member.
func selectSockets(read, write, except *socketSet, timeout time.Duration) (n int, errno windows.Errno) {
	var tv *timeval
	if timeout >= 0 {
		tv = &timeval{sec: int32(timeout / time.Second), usec: int32(timeout % time.Second / time.Microsecond)}
	}
	r, _, errno := syscall.SyscallN(procSelect.Addr(), 0,
		uintptr(unsafe.Pointer(read)), uintptr(unsafe.Pointer(write)), uintptr(unsafe.Pointer(except)),
		uintptr(unsafe.Pointer(tv)))
	if n = int(int32(r)); n >= 0 {
		return n, 0
	}
	return n, errno
}

// await waits until h is ready for reading, or for writing, or has failed.
func await(h windows.Handle, until time.Time, in Interest) error {
	var read, write, except socketSet
	if in&Read != 0 {
		read.add(h)
	}
	if in&Write != 0 {
		write.add(h)
		except.add(h)
	}
	n, errno := selectSockets(&read, &write, &except, remaining(until, time.Microsecond))
	switch {
	case n < 0:
		return os.NewSyscallError("select", errno)
	case n == 0:
		return os.NewSyscallError("select", windows.WSAETIMEDOUT)
	}
	return nil
}

// isNumber reports whether fd can be a handle at all: the kernel uses 32 bits of
// it, and takes negative numbers for the process and thread themselves.
func isNumber(fd int) bool {
	return fd > 0 && uint64(fd) <= math.MaxInt32
}

// isOpen reports whether there is anything behind the handle.
func isOpen(fd int) bool {
	if !isNumber(fd) {
		return false
	}
	var flags uint32
	ok, _, _ := syscall.SyscallN(procGetHandleInformation.Addr(), uintptr(fd), uintptr(unsafe.Pointer(&flags)))
	return ok != 0
}

// isSocket reports whether select will take fd.
func isSocket(fd int) bool {
	_, err := platform.SocketType(fd)
	return isNumber(fd) && err == nil
}

// isConnected reports whether the socket has a peer: then its connect, if there
// was one, has not failed.
func isConnected(h windows.Handle) bool {
	_, err := platform.PeerName(int(h))
	return err == nil
}
