package platform

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// A Name is a socket's address as the kernel writes it: what a datagram brings
// along, decoded only for senders that are not known yet. The zero Name is no
// address.
type Name struct{ raw rawAddress }

// NameOf encodes an address. WSAEINVAL for the zero Sockaddr, an
// *UnsupportedError for a Unix path. A zone is looked up among the interfaces,
// which costs a few system calls.
func NameOf(a Sockaddr) (n Name, err error) {
	switch a.Family() {
	case windows.AF_INET:
		in := (*windows.RawSockaddrInet4)(unsafe.Pointer(&n.raw.any))
		in.Family, in.Addr = windows.AF_INET, a.addr.Addr().As4()
		setNetworkOrder(&in.Port, a.addr.Port())
		n.raw.size = sizeofSockaddrInet4
	case windows.AF_INET6:
		in := (*windows.RawSockaddrInet6)(unsafe.Pointer(&n.raw.any))
		in.Family, in.Addr = windows.AF_INET6, a.addr.Addr().As16()
		in.Scope_id = zoneIndex(a.addr.Addr().Zone())
		setNetworkOrder(&in.Port, a.addr.Port())
		n.raw.size = sizeofSockaddrInet6
	case windows.AF_UNIX:
		return n, noUnixSockets("NameOf")
	default:
		return n, windows.WSAEINVAL
	}
	return n, nil
}

// IsZero reports whether n is no address at all.
func (n *Name) IsZero() bool { return n.raw.size == 0 }

// Sockaddr decodes the address.
func (n *Name) Sockaddr() Sockaddr { return n.raw.sockaddr() }

// Bytes are the address as Winsock takes it, a SOCKADDR, and what tells n from
// others; valid until n changes.
func (n *Name) Bytes() []byte {
	size := min(max(n.raw.size, 0), sizeofSockaddrAny)
	return unsafe.Slice((*byte)(unsafe.Pointer(&n.raw.any)), size)
}
