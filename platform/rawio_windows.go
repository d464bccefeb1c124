package platform

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Recv receives into b from a non-blocking socket and never waits. It returns 0,
// nil at the end of the stream, and the errno otherwise: see WouldBlock. Of a
// datagram what does not fit is lost, as elsewhere; Winsock's WSAEMSGSIZE for it
// is no error here.
func Recv(fd int, b []byte) (int, error) {
	r, _, errno := syscall.SyscallN(procRecv.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(min(len(b), maxCallLength)), 0)
	n, err := winsockResult(r, errno)
	if err == nil {
		return n, nil
	}
	if errno == windows.WSAEMSGSIZE {
		return len(b), nil
	}
	return 0, err
}

// Send sends as much of b as Winsock takes, from a non-blocking socket; it never
// waits and may send less than all.
func Send(fd int, b []byte) (int, error) {
	r, _, errno := syscall.SyscallN(procSend.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(min(len(b), maxCallLength)), 0)
	n, err := winsockResult(r, errno)
	return max(n, 0), err
}

// Accept takes one connection from a non-blocking listening socket. The new
// descriptor is non-blocking, not inherited, and the caller's. For the errnos see
// WouldBlock, IsConnAborted and IsOutOfResources.
//
// Winsock promises neither of a socket that it makes, so both are said again.
// Between the two calls a child could inherit it, but Go starts children with a
// list of the handles that are for them.
func Accept(fd int) (nfd int, peer Sockaddr, err error) {
	raw := newRawAddress()
	r, _, errno := syscall.SyscallN(procAccept.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(&raw.any)), uintptr(unsafe.Pointer(&raw.size)))
	if r == invalidSocket {
		_, err := winsockResult(r, errno)
		return -1, Sockaddr{}, err
	}
	s := windows.Handle(r)
	err = windows.SetHandleInformation(s, windows.HANDLE_FLAG_INHERIT, 0)
	if err == nil {
		err = ioctl(int(s), fionbio, true)
	}
	if err != nil {
		_ = windows.Closesocket(s)
		return -1, Sockaddr{}, err
	}
	return int(s), raw.sockaddr(), nil
}
