package platform

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// header is the kernel's struct mmsghdr.
type header struct {
	message unix.Msghdr
	length  uint32
}

// controlSize holds one IP_PKTINFO or IPV6_PKTINFO message, and room to spare.
const controlSize = 64

// control is aligned as the headers in it want it.
type control struct {
	_   [0]uint64
	raw [controlSize]byte
}

// An Inbox receives datagrams in batches, into slots of its own. The slots have
// one size for ever, so that no length of anybody's can make the kernel write
// beyond one. It belongs to one goroutine.
type Inbox struct {
	headers   []header
	vectors   []unix.Iovec
	names     []Name
	controls  []control
	datagrams []Datagram
	slab      []byte
	size      int
	used      int // slots that the kernel has written to since they were reset
}

// NewInbox returns an inbox of so many slots of so many bytes each.
func NewInbox(slots, size int) *Inbox {
	b := &Inbox{
		headers:   make([]header, slots),
		vectors:   make([]unix.Iovec, slots),
		names:     make([]Name, slots),
		controls:  make([]control, slots),
		datagrams: make([]Datagram, slots),
		slab:      make([]byte, slots*size),
		size:      size,
		used:      slots,
	}
	for i := range slots {
		b.vectors[i].Base = &b.slab[i*size]
		b.vectors[i].SetLen(size)
		m := &b.headers[i].message
		m.Name = (*byte)(unsafe.Pointer(&b.names[i].raw.any))
		m.Iov = &b.vectors[i]
		m.SetIovlen(1)
	}
	return b
}

// Len is how many datagrams one Receive returns at most. Fewer say that the
// socket holds no more.
func (b *Inbox) Len() int { return len(b.headers) }

// Receive takes datagrams from a non-blocking socket and never waits. info is
// what SetPacketInfo was set to. If there are none the error is the errno: see
// WouldBlock. EINTR is retried inside.
func (b *Inbox) Receive(fd int, info bool) ([]Datagram, error) {
	b.reset(info)
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&b.headers[0])), uintptr(len(b.headers)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			b.used = int(n)
			for i := range b.used {
				b.collect(i, info)
			}
			return b.datagrams[:n], nil
		case unix.EINTR:
		default:
			return nil, errno
		}
	}
}

// reset prepares the slots of the last Receive for the next one: the kernel has
// put lengths where it looks for sizes.
func (b *Inbox) reset(info bool) {
	for i := range b.used {
		m := &b.headers[i].message
		m.Namelen = unix.SizeofSockaddrAny
		m.Flags = 0
	}
	for i := range b.headers {
		m := &b.headers[i].message
		if !info && m.Control == nil {
			break // never used, or reset already
		}
		m.Control, m.Controllen = nil, 0
		if info {
			m.Control = &b.controls[i].raw[0]
			m.SetControllen(controlSize)
		}
	}
	b.used = 0
}

func (b *Inbox) collect(i int, info bool) {
	h, d := &b.headers[i], &b.datagrams[i]
	start := i * b.size
	d.Data = b.slab[start : start+int(h.length) : start+b.size]
	b.names[i].raw.size = h.message.Namelen
	d.From = &b.names[i]
	d.Truncated = h.message.Flags&unix.MSG_TRUNC != 0
	d.To, d.Interface = netip.Addr{}, 0
	if info {
		d.To, d.Interface = packetInfo(b.controls[i].raw[:min(int(h.message.Controllen), controlSize)])
	}
}

// packetInfo reads the destination out of control messages. x/sys has a parser,
// which allocates.
func packetInfo(control []byte) (to netip.Addr, ifindex int) {
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		length := int(h.Len)
		if length < unix.SizeofCmsghdr || length > len(control) {
			break
		}
		body := control[unix.SizeofCmsghdr:length]
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(body) >= unix.SizeofInet4Pktinfo:
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&body[0]))
			return netip.AddrFrom4(info.Addr), int(info.Ifindex)
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(body) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&body[0]))
			return netip.AddrFrom16(info.Addr).Unmap(), int(info.Ifindex)
		}
		control = control[min(unix.CmsgSpace(len(body)), len(control)):]
	}
	return netip.Addr{}, 0
}
