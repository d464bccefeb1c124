package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// OpenSocket makes a socket that is non-blocking and closed on exec. family is of
// Sockaddr.Family, sotype SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET; the
// protocol is the family's own. EMFILE and its like: see IsOutOfResources.
func OpenSocket(family, sotype int) (fd int, err error) {
	return unix.Socket(family, sotype|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// LocalName returns the address that a socket is bound to. It asks the kernel.
func LocalName(fd int) (Sockaddr, error) {
	return socketName(unix.SYS_GETSOCKNAME, fd)
}

// PeerName returns the address that a socket is connected to, ENOTCONN if it is
// not. It asks the kernel.
func PeerName(fd int) (Sockaddr, error) {
	return socketName(unix.SYS_GETPEERNAME, fd)
}

func socketName(trap uintptr, fd int) (Sockaddr, error) {
	raw := newRawAddress()
	_, _, errno := unix.RawSyscall(trap, uintptr(fd),
		uintptr(unsafe.Pointer(&raw.any)), uintptr(unsafe.Pointer(&raw.size)))
	if errno != 0 {
		return Sockaddr{}, errno
	}
	return raw.sockaddr(), nil
}

// SocketFamily returns a socket's address family, AF_INET for one; ENOTSOCK for
// what is no socket.
func SocketFamily(fd int) (int, error) {
	return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
}
