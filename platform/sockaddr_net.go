package platform

import (
	"net"
	"net/netip"
)

// SockaddrOf is the reverse of NetAddr: it takes a *net.TCPAddr, *net.UDPAddr or
// *net.UnixAddr; an IP address that is missing means the unspecified one of
// IPv4. Anything else, nil too, is an *net.AddrError.
func SockaddrOf(a net.Addr) (Sockaddr, error) {
	switch a := a.(type) {
	case *net.TCPAddr:
		if a != nil {
			return inetSockaddrOf(a.IP, a.Zone, a.Port), nil
		}
	case *net.UDPAddr:
		if a != nil {
			return inetSockaddrOf(a.IP, a.Zone, a.Port), nil
		}
	case *net.UnixAddr:
		if a != nil {
			return UnixSockaddr(a.Name), nil
		}
	case nil:
	default:
		return Sockaddr{}, &net.AddrError{Err: "not an address of a socket", Addr: a.String()}
	}
	return Sockaddr{}, &net.AddrError{Err: "missing address"}
}

func inetSockaddrOf(ip net.IP, zone string, port int) Sockaddr {
	addr, ok := netip.AddrFromSlice(ip)
	if addr = addr.Unmap(); !ok {
		addr = netip.IPv4Unspecified()
	}
	if addr.Is6() {
		addr = addr.WithZone(zone)
	}
	return InetSockaddr(netip.AddrPortFrom(addr, uint16(port)))
}
