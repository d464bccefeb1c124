package platform

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// SocketType returns SOCK_STREAM, SOCK_DGRAM and so on; WSAENOTSOCK for what is no
// socket.
func SocketType(fd int) (int, error) {
	return getsockoptInt(fd, windows.SOL_SOCKET, soType)
}

// SetNoDelay turns Nagle's algorithm off or on: with it, a small piece waits
// until the peer has acknowledged the one before.
func SetNoDelay(fd int, on bool) error {
	return setBool(fd, windows.IPPROTO_TCP, windows.TCP_NODELAY, on)
}

// ReuseAddrByDefault says whether servers set SO_REUSEADDR of themselves. Here it
// lets two programs have one port, and restarts do not depend on it.
const ReuseAddrByDefault = false

// SetReuseAddr lets a server bind a port that another has, even one that is in
// use.
func SetReuseAddr(fd int, on bool) error {
	return setBool(fd, windows.SOL_SOCKET, windows.SO_REUSEADDR, on)
}

// SetKeepAlive has the kernel probe an idle connection and end it when its peer
// is gone. Connections inherit it from their listening socket.
func SetKeepAlive(fd int, on bool) error {
	return setBool(fd, windows.SOL_SOCKET, windows.SO_KEEPALIVE, on)
}

// IsListening reports whether a socket listens.
func IsListening(fd int) (bool, error) {
	n, err := getsockoptInt(fd, windows.SOL_SOCKET, soAcceptConn)
	return n != 0, err
}

// SetIPv6Only keeps IPv4 out of an IPv6 socket, or lets it in; before bind. It is
// kept out unless this is called.
func SetIPv6Only(fd int, on bool) error {
	return setBool(fd, windows.IPPROTO_IPV6, windows.IPV6_V6ONLY, on)
}

// SetLingerReset makes the coming close reset the connection and drop what is
// not sent yet, instead of ending it in order.
func SetLingerReset(fd int) error {
	return windows.SetsockoptLinger(handleOf(fd), windows.SOL_SOCKET, windows.SO_LINGER,
		&windows.Linger{Onoff: 1, Linger: 0})
}

// SetBroadcast lets a socket send to broadcast addresses: WSAEACCES without it.
func SetBroadcast(fd int, on bool) error {
	return setBool(fd, windows.SOL_SOCKET, windows.SO_BROADCAST, on)
}

func setBool(fd, level, option int, on bool) error {
	value := 0
	if on {
		value = 1
	}
	return setsockoptInt(fd, level, option, value)
}

func setsockoptInt(fd, level, option, value int) error {
	return windows.SetsockoptInt(handleOf(fd), level, option, value)
}

// getsockoptInt clears the value first: some options are one byte.
func getsockoptInt(fd, level, option int) (int, error) {
	value := int32(0)
	err := getsockopt(fd, level, option, unsafe.Pointer(&value), unsafe.Sizeof(value))
	return int(value), err
}

func getsockopt(fd, level, option int, into unsafe.Pointer, size uintptr) error {
	if err := startWinsock(); err != nil {
		return err
	}
	length := int32(size)
	r, _, errno := syscall.SyscallN(procGetsockopt.Addr(), uintptr(fd), uintptr(level), uintptr(option),
		uintptr(into), uintptr(unsafe.Pointer(&length)))
	_, err := winsockResult(r, errno)
	return err
}

func shutdown(fd, how int) error { return windows.Shutdown(handleOf(fd), how) }
