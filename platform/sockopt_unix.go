//go:build unix

package platform

import "golang.org/x/sys/unix"

// SocketType returns SOCK_STREAM, SOCK_DGRAM and so on; ENOTSOCK for what is no
// socket.
func SocketType(fd int) (int, error) {
	return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
}

// SetNoDelay turns Nagle's algorithm off or on: with it, a small piece waits
// until the peer has acknowledged the one before.
func SetNoDelay(fd int, on bool) error {
	return setBool(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, on)
}

// ReuseAddrByDefault says whether servers set SO_REUSEADDR of themselves. On Unix
// it is harmless and restarts depend on it; on Windows it lets two programs have
// one port.
const ReuseAddrByDefault = true

// SetReuseAddr lets a server bind a port whose old connections are still in
// TIME_WAIT.
func SetReuseAddr(fd int, on bool) error {
	return setBool(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, on)
}

// SetKeepAlive has the kernel probe an idle connection and end it when its peer
// is gone. Connections inherit it from their listening socket.
func SetKeepAlive(fd int, on bool) error {
	return setBool(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, on)
}

// IsListening reports whether a socket listens. Where the system does not know
// the question, as macOS, every stream socket without a peer is taken for one.
func IsListening(fd int) (bool, error) {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == unix.ENOPROTOOPT {
		_, err := unix.Getpeername(fd)
		return err != nil, nil
	}
	return n != 0, err
}

// SetIPv6Only keeps IPv4 out of an IPv6 socket, or lets it in; before bind.
// OpenBSD never lets it in and refuses false with EINVAL.
func SetIPv6Only(fd int, on bool) error {
	return setBool(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, on)
}

// SetLingerReset makes the coming close reset the connection and drop what is
// not sent yet, instead of ending it in order.
func SetLingerReset(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 0})
}

func setBool(fd, level, option int, on bool) error {
	value := 0
	if on {
		value = 1
	}
	return unix.SetsockoptInt(fd, level, option, value)
}

func getsockoptInt(fd, level, option int) (int, error) {
	return unix.GetsockoptInt(fd, level, option)
}

func setsockoptInt(fd, level, option, value int) error {
	return unix.SetsockoptInt(fd, level, option, value)
}

func shutdown(fd, how int) error {
	return unix.Shutdown(fd, how)
}
