package platform

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// RecvFrom receives one datagram into b from a non-blocking socket, with its
// sender, which is the zero Sockaddr for a stream. What does not fit is lost.
func RecvFrom(fd int, b []byte) (int, Sockaddr, error) {
	raw := newRawAddress()
	n, _, err := recvFrom(fd, b, &raw)
	if err != nil {
		return 0, Sockaddr{}, err
	}
	return n, raw.sockaddr(), nil
}

// recvFrom takes Winsock's WSAEMSGSIZE for what it says: the datagram was longer
// than b, which is full.
func recvFrom(fd int, b []byte, from *rawAddress) (n int, truncated bool, err error) {
	from.size = sizeofSockaddrAny
	r, _, errno := syscall.SyscallN(procRecvfrom.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(min(len(b), maxCallLength)), 0,
		uintptr(unsafe.Pointer(&from.any)), uintptr(unsafe.Pointer(&from.size)))
	n, err = winsockResult(r, errno)
	switch {
	case err == nil:
		return n, false, nil
	case errno == windows.WSAEMSGSIZE:
		return len(b), true, nil
	}
	return 0, false, err
}

// SendTo sends one datagram from a non-blocking socket, all of it or nothing;
// WSAEMSGSIZE if it is too long.
func SendTo(fd int, b []byte, to Sockaddr) error {
	name, err := NameOf(to)
	if err != nil {
		return err
	}
	return sendOne(fd, &Outgoing{Data: b, To: name})
}

func receiveOne(fd int, slot []byte, sender *Name) (n int, truncated bool, err error) {
	return recvFrom(fd, slot, &sender.raw)
}

func sendOne(fd int, d *Outgoing) error {
	if d.To.IsZero() {
		_, err := Send(fd, d.Data)
		return err
	}
	r, _, errno := syscall.SyscallN(procSendto.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(d.Data))), uintptr(min(len(d.Data), maxCallLength)), 0,
		uintptr(unsafe.Pointer(&d.To.raw.any)), uintptr(d.To.raw.size))
	_, err := winsockResult(r, errno)
	return err
}
