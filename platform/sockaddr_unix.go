//go:build unix

package platform

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// UnixPathLimit returns how many bytes a Unix socket's path can have at most:
// what sun_path holds, less the NUL that ends a path. The '@' of an abstract
// name counts and needs no NUL.
func UnixPathLimit(abstract bool) int {
	size := len(unix.RawSockaddrUnix{}.Path)
	if abstract {
		return size
	}
	return size - 1
}

// toUnix returns a as the system's calls take it; EINVAL for no address.
func (a Sockaddr) toUnix() (unix.Sockaddr, error) {
	switch a.Family() {
	case unix.AF_UNIX:
		return &unix.SockaddrUnix{Name: a.path}, nil
	case unix.AF_INET:
		return &unix.SockaddrInet4{Port: int(a.addr.Port()), Addr: a.addr.Addr().As4()}, nil
	case unix.AF_INET6:
		ip := a.addr.Addr()
		return &unix.SockaddrInet6{Port: int(a.addr.Port()), ZoneId: zoneIndex(ip.Zone()), Addr: ip.As16()}, nil
	}
	return nil, unix.EINVAL
}

func inet4Sockaddr(ip [4]byte, port uint16) Sockaddr {
	return InetSockaddr(netip.AddrPortFrom(netip.AddrFrom4(ip), port))
}

func inet6Sockaddr(ip [16]byte, scope uint32, port uint16) Sockaddr {
	addr := netip.AddrFrom16(ip)
	if scope != 0 {
		addr = addr.WithZone(zoneName(scope))
	}
	return InetSockaddr(netip.AddrPortFrom(addr, port))
}
