package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Name is a socket's address as the kernel writes it: what a batch of
// datagrams brings along, decoded only for senders that are not known yet. The
// zero Name is no address.
type Name struct{ raw rawAddress }

// NameOf encodes an address. EINVAL for the zero Sockaddr and for a Unix path
// that does not fit. A zone is looked up among the interfaces, which costs a few
// system calls.
func NameOf(a Sockaddr) (n Name, err error) {
	switch a.Family() {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&n.raw.any))
		in.Family, in.Addr = unix.AF_INET, a.addr.Addr().As4()
		setNetworkOrder(&in.Port, a.addr.Port())
		n.raw.size = unix.SizeofSockaddrInet4
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(&n.raw.any))
		in.Family, in.Addr = unix.AF_INET6, a.addr.Addr().As16()
		in.Scope_id = zoneIndex(a.addr.Addr().Zone())
		setNetworkOrder(&in.Port, a.addr.Port())
		n.raw.size = unix.SizeofSockaddrInet6
	case unix.AF_UNIX:
		return n, n.setPath(a.path)
	default:
		return n, unix.EINVAL
	}
	return n, nil
}

// setPath writes what unixPath reads. The NUL behind a path is not required by
// the kernel, but getsockname shows it, so that all others write it too.
func (n *Name) setPath(path string) error {
	in := (*unix.RawSockaddrUnix)(unsafe.Pointer(&n.raw.any))
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&in.Path)), len(in.Path))
	if len(path) >= len(memory) {
		return unix.EINVAL
	}
	in.Family = unix.AF_UNIX
	length := copy(memory, path)
	switch {
	case path == "":
	case path[0] == '@':
		memory[0] = 0
	default:
		length++
	}
	n.raw.size = uint32(int(unsafe.Offsetof(in.Path)) + length)
	return nil
}

// IsZero reports whether n is no address at all.
func (n *Name) IsZero() bool { return n.raw.size == 0 }

// Sockaddr decodes the address.
func (n *Name) Sockaddr() Sockaddr { return n.raw.sockaddr() }

// Bytes are what tells n from other addresses; valid until n changes.
func (n *Name) Bytes() []byte {
	size := min(n.raw.size, unix.SizeofSockaddrAny)
	return unsafe.Slice((*byte)(unsafe.Pointer(&n.raw.any)), size)
}

func setNetworkOrder(to *uint16, port uint16) {
	b := (*[2]byte)(unsafe.Pointer(to))
	b[0], b[1] = byte(port>>8), byte(port)
}
