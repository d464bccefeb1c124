package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the fast path are raw: they do not tell Go's scheduler that a
// system call begins and ends. An ordinary call does, and then the scheduler's
// monitor takes the processor away from the loop's goroutine in the middle of
// it; getting it back costs about a microsecond per message, of the six that a
// small echo costs at all. A raw call holds its processor until it returns, so
// it must never block. That is why the descriptors are non-blocking, and why
// sockets are asked with MSG_DONTWAIT on top: a descriptor that somebody else
// has set to blocking then costs EAGAIN and not a stuck scheduler. Pipes have no
// such flag.
//
// Errors are bare errnos; all of Linux's are below 256, which Go boxes without
// an allocation.

// Recv receives into b from a non-blocking socket and never waits. It returns 0,
// nil at the end of the stream, and the errno otherwise: see WouldBlock. EINTR
// is retried inside.
func Recv(fd int, b []byte) (int, error) {
	return rawRetry(unix.SYS_RECVFROM, fd, b, unix.MSG_DONTWAIT)
}

// Send sends as much of b as the kernel takes, from a non-blocking socket; it
// never waits, never raises SIGPIPE, and may send less than all. EINTR is
// retried inside.
func Send(fd int, b []byte) (int, error) {
	return rawRetry(unix.SYS_SENDTO, fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

// ReadFD reads from a non-blocking pipe, FIFO or character device, and returns
// 0, nil at its end. Not for regular files: reading them can not be made not to
// wait.
func ReadFD(fd int, b []byte) (int, error) {
	return rawRetry(unix.SYS_READ, fd, b, 0)
}

// WriteFD writes to a non-blocking pipe, FIFO or character device as much as
// fits. When the other end is gone it returns EPIPE; the SIGPIPE that comes with
// it is ignored by Go's runtime for all descriptors but 1 and 2.
func WriteFD(fd int, b []byte) (int, error) {
	return rawRetry(unix.SYS_WRITE, fd, b, 0)
}

// rawRetry makes a call of the shape (fd, memory, length, flags, none, none).
// The pointer is converted inside the argument list: only there does the
// compiler keep the memory alive and unmoved.
func rawRetry(trap uintptr, fd int, b []byte, flags uintptr) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(trap, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// Accept takes one connection from a non-blocking listening socket. The new
// descriptor is non-blocking, closed on exec, and the caller's. An IP peer is
// decoded without an allocation. EINTR is retried inside; for the other errnos
// see WouldBlock, IsConnAborted and IsOutOfResources.
func Accept(fd int) (nfd int, peer Sockaddr, err error) {
	for {
		raw := newRawAddress()
		n, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&raw.any)),
			uintptr(unsafe.Pointer(&raw.size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			return int(n), raw.sockaddr(), nil
		case unix.EINTR:
		default:
			return -1, Sockaddr{}, errno
		}
	}
}
