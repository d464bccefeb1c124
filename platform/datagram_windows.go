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

// An Inbox receives datagrams into slots of its own, whose size nobody's lengths
// can change. Winsock has no call for a batch, so each datagram has its own. It
// belongs to one goroutine.
type Inbox struct {
	names     []Name
	datagrams []Datagram
	slab      []byte
	size      int
}

// NewInbox returns an inbox of so many slots of so many bytes each.
func NewInbox(slots, size int) *Inbox {
	return &Inbox{
		names:     make([]Name, slots),
		datagrams: make([]Datagram, slots),
		slab:      make([]byte, slots*size),
		size:      size,
	}
}

// Len is how many datagrams one Receive returns at most. Fewer say nothing here:
// select, which is all that watches a datagram socket, tells if there are more.
func (b *Inbox) Len() int { return len(b.datagrams) }

// Receive takes datagrams from a non-blocking socket and never waits. info asks
// for what is not told here. If there are none the error is the errno: see
// WouldBlock.
//
// Of a socket with a peer it takes one at a time. Behind any datagram can be the
// news that the peer is not there, and the call that comes upon it is the only one
// that hears of it.
func (b *Inbox) Receive(fd int, _ bool) ([]Datagram, error) {
	if err := b.receive(fd, 0); err != nil {
		return nil, err
	}
	if hasPeer(fd) {
		return b.datagrams[:1], nil
	}
	for i := 1; i < len(b.datagrams); i++ {
		if b.receive(fd, i) != nil {
			return b.datagrams[:i], nil
		}
	}
	return b.datagrams, nil
}

// hasPeer is PeerName without the answer, and without an error to allocate.
func hasPeer(fd int) bool {
	raw := newRawAddress()
	r, _, _ := syscall.SyscallN(procGetpeername.Addr(), uintptr(fd),
		uintptr(unsafe.Pointer(&raw.any)), uintptr(unsafe.Pointer(&raw.size)))
	return int32(r) == 0
}

func (b *Inbox) receive(fd, i int) error {
	slot := b.slab[i*b.size : (i+1)*b.size : (i+1)*b.size]
	n, truncated, err := recvFrom(fd, slot, &b.names[i].raw)
	if err != nil {
		return err
	}
	b.datagrams[i] = Datagram{Data: slot[:n:b.size], From: &b.names[i], Truncated: truncated}
	return nil
}

// An Outbox sends datagrams. Its zero value is ready; it belongs to one
// goroutine.
type Outbox struct{}

// Send sends datagrams in order from a non-blocking socket and returns how many
// Winsock took; if not all, err is the errno that the next one got (see
// WouldBlock and IsNoBuffers), and that one was not sent.
func (b *Outbox) Send(fd int, datagrams []Outgoing) (n int, err error) {
	for n < len(datagrams) {
		if err := sendOne(fd, &datagrams[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
