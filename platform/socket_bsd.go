//go:build unix && !linux

package platform

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// OpenSocket makes a socket that is non-blocking and closed on exec. family is of
// Sockaddr.Family, sotype SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET; the
// protocol is the family's own. EMFILE and its like: see IsOutOfResources.
func OpenSocket(family, sotype int) (fd int, err error) {
	// The lock stands for SOCK_CLOEXEC, which macOS has not: without it a child
	// could be forked between the two calls.
	syscall.ForkLock.RLock()
	fd, err = unix.Socket(family, sotype, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// LocalName returns the address that a socket is bound to. It asks the kernel.
func LocalName(fd int) (Sockaddr, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return Sockaddr{}, err
	}
	return fromUnix(sa), nil
}

// PeerName returns the address that a socket is connected to, ENOTCONN if it is
// not. It asks the kernel.
func PeerName(fd int) (Sockaddr, error) {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return Sockaddr{}, err
	}
	return fromUnix(sa), nil
}

// SocketFamily returns a socket's address family, AF_INET for one; ENOTSOCK for
// what is no socket. Not all of these systems have SO_DOMAIN, so the name tells.
func SocketFamily(fd int) (int, error) {
	name, err := LocalName(fd)
	return name.Family(), err
}
