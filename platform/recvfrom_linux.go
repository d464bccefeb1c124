package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// RecvFrom receives one datagram into b from a non-blocking socket, with its
// sender: a Unix address without a name if that has none, the zero Sockaddr for
// a stream. What does not fit is lost. EINTR is retried inside.
func RecvFrom(fd int, b []byte) (int, Sockaddr, error) {
	for {
		raw := newRawAddress()
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT,
			uintptr(unsafe.Pointer(&raw.any)), uintptr(unsafe.Pointer(&raw.size)))
		switch errno {
		case 0:
			return int(n), raw.sockaddr(), nil
		case unix.EINTR:
		default:
			return 0, Sockaddr{}, errno
		}
	}
}
