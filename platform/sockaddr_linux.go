package platform

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A rawAddress is what the kernel fills in. It is decoded here and not by x/sys
// because that allocates every address, asks for the socket's protocol by a
// second system call, and cuts abstract names at their first NUL.
type rawAddress struct {
	any  unix.RawSockaddrAny
	size uint32
}

func newRawAddress() rawAddress {
	return rawAddress{size: unix.SizeofSockaddrAny}
}

// sockaddr decodes; families that no socket of ours has give the zero Sockaddr.
func (r *rawAddress) sockaddr() Sockaddr {
	switch r.any.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&r.any))
		return inet4Sockaddr(in.Addr, networkOrder(&in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(&r.any))
		return inet6Sockaddr(in.Addr, in.Scope_id, networkOrder(&in.Port))
	case unix.AF_UNIX:
		return UnixSockaddr(r.unixPath())
	}
	return Sockaddr{}
}

// unixPath tells the three kinds apart by length and first byte (unix(7)): no
// bytes is no name, a NUL in front is an abstract name whose every byte counts,
// anything else is a path that a NUL may end.
func (r *rawAddress) unixPath() string {
	in := (*unix.RawSockaddrUnix)(unsafe.Pointer(&r.any))
	n := int(r.size) - int(unsafe.Offsetof(in.Path))
	if n <= 0 {
		return ""
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&in.Path)), min(n, len(in.Path)))
	if raw[0] == 0 {
		return "@" + string(raw[1:])
	}
	path, _, _ := strings.Cut(string(raw), "\x00")
	return path
}

func networkOrder(port *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(port))
	return uint16(b[0])<<8 | uint16(b[1])
}
