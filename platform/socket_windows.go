package platform

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const ourSockets = windows.WSA_FLAG_OVERLAPPED | windows.WSA_FLAG_NO_HANDLE_INHERIT

// OpenSocket makes a socket that is non-blocking, overlapped and not inherited.
// family is of Sockaddr.Family, sotype SOCK_STREAM or SOCK_DGRAM; the protocol is
// the family's own. AF_UNIX is an *UnsupportedError. WSAEMFILE and its like: see
// IsOutOfResources.
//
// A datagram socket is told to keep ICMP's answers to itself until Connect gives
// it a peer: an answer to one of many receivers would fail the next receive,
// which may be from another.
func OpenSocket(family, sotype int) (fd int, err error) {
	if family == windows.AF_UNIX {
		return -1, noUnixSockets("OpenSocket")
	}
	if err := startWinsock(); err != nil {
		return -1, err
	}
	s, err := windows.WSASocket(int32(family), int32(sotype), 0, nil, 0, ourSockets)
	if err != nil {
		return -1, err
	}
	fd = int(s)
	if err = ioctl(fd, fionbio, true); err == nil && sotype == windows.SOCK_DGRAM {
		err = reportUnreachable(fd, false)
	}
	if err != nil {
		_ = windows.Closesocket(s)
		return -1, err
	}
	return fd, nil
}

// reportUnreachable says whether ICMP's answers to what a datagram socket has sent
// fail its receives: WSAECONNRESET for a port where nobody is, WSAENETRESET for a
// time to live that has run out. Wine does not know the question and reports
// nothing without a peer.
func reportUnreachable(fd int, on bool) error {
	for _, what := range [...]uint32{windows.SIO_UDP_CONNRESET, windows.SIO_UDP_NETRESET} {
		if err := ioctl(fd, what, on); err != nil && err != windows.WSAEOPNOTSUPP {
			return err
		}
	}
	return nil
}

func ioctl(fd int, what uint32, on bool) error {
	var value, returned uint32
	if on {
		value = 1
	}
	return windows.WSAIoctl(handleOf(fd), what, (*byte)(unsafe.Pointer(&value)), uint32(unsafe.Sizeof(value)),
		nil, 0, &returned, nil, 0)
}

// Bind gives a socket its address. WSAEADDRINUSE, WSAEACCES and so on; WSAEINVAL
// for the zero Sockaddr, an *UnsupportedError for a Unix path.
func Bind(fd int, to Sockaddr) error { return withName(procBind.Addr(), fd, to) }

// withName makes a call that takes a socket and an address.
func withName(call uintptr, fd int, to Sockaddr) error {
	name, err := NameOf(to)
	if err != nil {
		return err
	}
	r, _, errno := syscall.SyscallN(call, uintptr(fd), uintptr(unsafe.Pointer(&name.raw.any)), uintptr(name.raw.size))
	_, err = winsockResult(r, errno)
	return err
}

// Listen makes a bound socket accept. Winsock cuts backlog to its own limit; zero
// and less mean the smallest queue it knows.
func Listen(fd, backlog int) error {
	return windows.Listen(handleOf(fd), max(backlog, 0))
}

// Connect starts connecting a non-blocking socket. WSAEWOULDBLOCK, which is
// Winsock's word for EINPROGRESS (IsInProgress), says that it goes on: the socket
// becomes writable at its end, or an exception to select if it fails, and
// SocketError tells how it went.
//
// A datagram socket is connected at once, and from then on hears that its peer is
// not there.
func Connect(fd int, to Sockaddr) error {
	if err := withName(procConnect.Addr(), fd, to); err != nil {
		return err
	}
	if sotype, err := SocketType(fd); err != nil || sotype != windows.SOCK_DGRAM {
		return nil // connected at once; a real failure will show itself
	}
	return reportUnreachable(fd, true)
}

// SocketError takes the pending error of a socket: nil if there is none, and nil
// when asked again, because asking clears it.
func SocketError(fd int) error {
	n, err := getsockoptInt(fd, windows.SOL_SOCKET, soError)
	if err != nil {
		return err
	}
	if n != 0 {
		return windows.Errno(n)
	}
	return nil
}

// ShutdownWrite ends the sending half of a socket: the peer reads what was sent
// and then the end. WSAENOTCONN if the connection is already gone.
func ShutdownWrite(fd int) error { return shutdown(fd, windows.SHUT_WR) }

// LocalName returns the address that a socket is bound to. It asks the kernel. Of
// one that is not bound Winsock tells no address (WSAEINVAL); it is the
// unspecified one of its family, as elsewhere.
func LocalName(fd int) (Sockaddr, error) {
	a, err := socketName(procGetsockname.Addr(), fd)
	if err != windows.WSAEINVAL {
		return a, err
	}
	family, err := SocketFamily(fd)
	if err != nil {
		return Sockaddr{}, err
	}
	raw := rawAddress{}
	raw.any.Addr.Family = uint16(family)
	return raw.sockaddr(), nil
}

// PeerName returns the address that a socket is connected to, WSAENOTCONN if it is
// not. It asks the kernel.
func PeerName(fd int) (Sockaddr, error) { return socketName(procGetpeername.Addr(), fd) }

func socketName(call uintptr, fd int) (Sockaddr, error) {
	raw := newRawAddress()
	r, _, errno := syscall.SyscallN(call, uintptr(fd),
		uintptr(unsafe.Pointer(&raw.any)), uintptr(unsafe.Pointer(&raw.size)))
	if _, err := winsockResult(r, errno); err != nil {
		return Sockaddr{}, err
	}
	return raw.sockaddr(), nil
}

// SocketFamily returns a socket's address family, AF_INET for one; WSAENOTSOCK for
// what is no socket.
func SocketFamily(fd int) (int, error) {
	var info windows.WSAProtocolInfo
	if err := getsockopt(fd, windows.SOL_SOCKET, soProtocolInfo, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return 0, err
	}
	return int(info.AddressFamily), nil
}
