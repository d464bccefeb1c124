package platform

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// A Sockaddr is a socket's address as a small value that can be compared and be
// a map's key: an IP address with port and zone, a Unix path, or a pipe's name. The zero value
// is no address.
type Sockaddr struct {
	addr netip.AddrPort
	path string
	kind addressKind
}

type addressKind uint8

const (
	addressNone addressKind = iota
	addressInet
	addressUnix
	addressPipe
)

// InetSockaddr returns the address of an IP port. An IPv4 address that is
// mapped into IPv6 stays so: that is what an IPv6 socket needs to send there.
// An invalid ap gives the zero Sockaddr.
func InetSockaddr(ap netip.AddrPort) Sockaddr {
	if !ap.IsValid() {
		return Sockaddr{}
	}
	return Sockaddr{addr: ap, kind: addressInet}
}

// UnixSockaddr returns the address of a Unix socket. As in package net, a
// leading '@' means Linux's abstract namespace; the empty path is the address
// of a socket that has no name.
func UnixSockaddr(path string) Sockaddr {
	return Sockaddr{path: path, kind: addressUnix}
}

// PipeSockaddr returns the address of a named pipe of Windows.
func PipeSockaddr(name string) Sockaddr {
	return Sockaddr{path: name, kind: addressPipe}
}

// AddrPort returns IP address and port; invalid for a Unix address.
func (a Sockaddr) AddrPort() netip.AddrPort { return a.addr }

// Path returns the path of a Unix address, with '@' for an abstract name, or the
// name of a pipe; empty for an IP address and for a socket without a name.
func (a Sockaddr) Path() string { return a.path }

// IsUnix reports whether a is the address of a Unix socket, named or not.
func (a Sockaddr) IsUnix() bool { return a.kind == addressUnix }

// IsPipe reports whether a is the address of a named pipe.
func (a Sockaddr) IsPipe() bool { return a.kind == addressPipe }

// IsValid reports whether a is an address at all.
func (a Sockaddr) IsValid() bool { return a.kind != addressNone }

// Family returns the address family to make a socket of: AF_INET, AF_INET6 (a
// mapped IPv4 address included), AF_UNIX, or AF_UNSPEC for the zero Sockaddr.
func (a Sockaddr) Family() int {
	switch {
	case a.kind == addressUnix:
		return syscall.AF_UNIX
	case a.kind != addressInet:
		return syscall.AF_UNSPEC
	case a.addr.Addr().Is4():
		return syscall.AF_INET
	}
	return syscall.AF_INET6
}

// NetAddr returns a as package net has it: *net.TCPAddr for "tcp", "tcp4",
// "tcp6", *net.UDPAddr for "udp" and so on, *net.UnixAddr for "unix",
// "unixgram", "unixpacket", PipeAddr for "pipe". It returns an untyped nil for the
// zero Sockaddr and for a network that does not go with the address. Every call
// makes a new one.
func (a Sockaddr) NetAddr(network string) net.Addr {
	switch {
	case a.kind == addressUnix && strings.HasPrefix(network, "unix"):
		return &net.UnixAddr{Name: a.path, Net: network}
	case a.kind == addressPipe && network == pipeNetwork:
		return PipeAddr(a.path)
	case a.kind == addressInet && strings.HasPrefix(network, "tcp"):
		return net.TCPAddrFromAddrPort(a.addr)
	case a.kind == addressInet && strings.HasPrefix(network, "udp"):
		return net.UDPAddrFromAddrPort(a.addr)
	}
	return nil
}

// String returns the same text as the net.Addr of NetAddr: "127.0.0.1:80",
// "[fe80::1%eth0]:80", a path, nothing for a Unix socket without a name.
func (a Sockaddr) String() string {
	switch a.kind {
	case addressUnix, addressPipe:
		return a.path
	case addressInet:
		return netip.AddrPortFrom(a.addr.Addr().Unmap(), a.addr.Port()).String()
	}
	return "invalid address"
}

// zoneName turns the number of an interface into the zone that package net
// shows. Asking costs a few system calls, but only link-local addresses have
// zones; a cache would have to notice renamed interfaces.
func zoneName(index uint32) string {
	if index == 0 {
		return ""
	}
	if ifi, err := net.InterfaceByIndex(int(index)); err == nil {
		return ifi.Name
	}
	return strconv.FormatUint(uint64(index), 10)
}

// zoneIndex is the reverse of zoneName; a zone may also be the bare number. It
// returns zero, "no zone", for a name that no interface has.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if ifi, err := net.InterfaceByName(zone); err == nil {
		return uint32(ifi.Index)
	}
	n, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
