//go:build unix && !linux

package platform

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// These systems allow no raw system calls to a Go program (macOS and OpenBSD
// insist on the C library), so the ordinary wrappers do the work.

// Recv receives into b from a non-blocking socket and never waits. It returns 0,
// nil at the end of the stream, and the errno otherwise: see WouldBlock. EINTR
// is retried inside.
func Recv(fd int, b []byte) (int, error) {
	return retry(unix.Read, fd, b)
}

// Send sends as much of b as the kernel takes, from a non-blocking socket; it
// never waits and may send less than all. When the peer is gone it returns
// EPIPE; the SIGPIPE that comes with it is ignored by Go's runtime for all
// descriptors but 1 and 2. EINTR is retried inside.
func Send(fd int, b []byte) (int, error) {
	return retry(unix.Write, fd, b)
}

// ReadFD reads from a non-blocking pipe, FIFO or character device, and returns
// 0, nil at its end. Not for regular files: reading them can not be made not to
// wait.
func ReadFD(fd int, b []byte) (int, error) {
	return retry(unix.Read, fd, b)
}

// WriteFD writes to a non-blocking pipe, FIFO or character device as much as
// fits; EPIPE when the other end is gone.
func WriteFD(fd int, b []byte) (int, error) {
	return retry(unix.Write, fd, b)
}

func retry(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// Accept takes one connection from a non-blocking listening socket. The new
// descriptor is non-blocking, closed on exec, and the caller's. EINTR is retried
// inside; for the other errnos see WouldBlock, IsConnAborted and
// IsOutOfResources.
func Accept(fd int) (nfd int, peer Sockaddr, err error) {
	nfd, sa, err := acceptCloexec(fd)
	if err != nil {
		return -1, Sockaddr{}, err
	}
	if err := unix.SetNonblock(nfd, true); err != nil {
		_ = unix.Close(nfd)
		return -1, Sockaddr{}, err
	}
	return nfd, fromUnix(sa), nil
}

// acceptCloexec holds the fork lock because macOS has no accept4: between accept
// and fcntl a child could inherit the descriptor.
func acceptCloexec(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for {
		nfd, sa, err := unix.Accept(fd)
		if err == nil {
			unix.CloseOnExec(nfd)
		}
		if err != unix.EINTR {
			return nfd, sa, err
		}
	}
}
