package platform

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// sizeofSockaddrAny is SOCKADDR_STORAGE less what no family of ours uses.
const (
	sizeofSockaddrInet4 = int32(unsafe.Sizeof(windows.RawSockaddrInet4{}))
	sizeofSockaddrInet6 = int32(unsafe.Sizeof(windows.RawSockaddrInet6{}))
	sizeofSockaddrAny   = int32(unsafe.Sizeof(windows.RawSockaddrAny{}))
)

// A rawAddress is what the kernel fills in. It is decoded here and not by x/sys
// because that allocates every address.
type rawAddress struct {
	any  windows.RawSockaddrAny
	size int32
}

func newRawAddress() rawAddress { return rawAddress{size: sizeofSockaddrAny} }

// sockaddr decodes; families that no socket of ours has give the zero Sockaddr.
func (r *rawAddress) sockaddr() Sockaddr {
	switch r.any.Addr.Family {
	case windows.AF_INET:
		in := (*windows.RawSockaddrInet4)(unsafe.Pointer(&r.any))
		return InetSockaddr(netip.AddrPortFrom(netip.AddrFrom4(in.Addr), networkOrder(&in.Port)))
	case windows.AF_INET6:
		in := (*windows.RawSockaddrInet6)(unsafe.Pointer(&r.any))
		addr := netip.AddrFrom16(in.Addr)
		if in.Scope_id != 0 {
			addr = addr.WithZone(zoneName(in.Scope_id))
		}
		return InetSockaddr(netip.AddrPortFrom(addr, networkOrder(&in.Port)))
	}
	return Sockaddr{}
}

func networkOrder(port *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(port))
	return uint16(b[0])<<8 | uint16(b[1])
}

func setNetworkOrder(to *uint16, port uint16) {
	b := (*[2]byte)(unsafe.Pointer(to))
	b[0], b[1] = byte(port>>8), byte(port)
}

// UnixPathLimit returns how many bytes a Unix socket's path can have at most:
// what sun_path holds, less the NUL that ends a path. There are no abstract
// names, and no loop here serves Unix sockets at all.
func UnixPathLimit(abstract bool) int { return len(windows.RawSockaddrUnix{}.Path) - 1 }
