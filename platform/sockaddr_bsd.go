//go:build unix && !linux

package platform

import "golang.org/x/sys/unix"

// fromUnix returns the zero Sockaddr for families that no socket of ours has.
func fromUnix(sa unix.Sockaddr) Sockaddr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return inet4Sockaddr(sa.Addr, uint16(sa.Port))
	case *unix.SockaddrInet6:
		return inet6Sockaddr(sa.Addr, sa.ZoneId, uint16(sa.Port))
	case *unix.SockaddrUnix:
		return UnixSockaddr(sa.Name)
	}
	return Sockaddr{}
}
