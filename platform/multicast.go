package platform

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// JoinGroup makes a socket receive what is sent to a multicast group and comes
// in by ifi, nil for the system's choice. The membership is the socket's and
// ends with it.
func JoinGroup(fd int, group netip.Addr, ifi *net.Interface) error {
	return withPacketConn(fd, func(c net.PacketConn) error {
		if to := groupAddr(group); group.Unmap().Is4() {
			return ipv4.NewPacketConn(c).JoinGroup(ifi, to)
		} else {
			return ipv6.NewPacketConn(c).JoinGroup(ifi, to)
		}
	})
}

// LeaveGroup ends what JoinGroup began with the same arguments.
func LeaveGroup(fd int, group netip.Addr, ifi *net.Interface) error {
	return withPacketConn(fd, func(c net.PacketConn) error {
		if to := groupAddr(group); group.Unmap().Is4() {
			return ipv4.NewPacketConn(c).LeaveGroup(ifi, to)
		} else {
			return ipv6.NewPacketConn(c).LeaveGroup(ifi, to)
		}
	})
}

// SetMulticastInterface chooses the interface by which a socket sends to groups;
// nil leaves it to the routes again.
func SetMulticastInterface(fd int, ifi *net.Interface) error {
	return byFamily(fd,
		func(c *ipv4.PacketConn) error { return c.SetMulticastInterface(ifi) },
		func(c *ipv6.PacketConn) error { return c.SetMulticastInterface(ifi) })
}

// SetMulticastTTL sets how many routers what is sent to a group may pass, one
// more than that: 1 stays in the network, 0 on the machine.
func SetMulticastTTL(fd, ttl int) error {
	return byFamily(fd,
		func(c *ipv4.PacketConn) error { return c.SetMulticastTTL(ttl) },
		func(c *ipv6.PacketConn) error { return c.SetMulticastHopLimit(ttl) })
}

// SetMulticastLoopback says whether what is sent to a group comes back to
// members on this machine. It does unless it is switched off.
func SetMulticastLoopback(fd int, on bool) error {
	return byFamily(fd,
		func(c *ipv4.PacketConn) error { return c.SetMulticastLoopback(on) },
		func(c *ipv6.PacketConn) error { return c.SetMulticastLoopback(on) })
}

func groupAddr(group netip.Addr) *net.UDPAddr {
	return &net.UDPAddr{IP: net.IP(group.Unmap().AsSlice()), Zone: group.Zone()}
}

// byFamily picks the option that goes with the socket, which for IPv4 addresses
// mapped into IPv6 is that of IPv6.
func byFamily(fd int, four func(*ipv4.PacketConn) error, six func(*ipv6.PacketConn) error) error {
	name, err := LocalName(fd)
	if err != nil {
		return err
	}
	return withPacketConn(fd, func(c net.PacketConn) error {
		if name.AddrPort().Addr().Is4() {
			return four(ipv4.NewPacketConn(c))
		}
		return six(ipv6.NewPacketConn(c))
	})
}

// withPacketConn lends a socket to x/net.
func withPacketConn(fd int, use func(net.PacketConn) error) error {
	return use(lentSocket{fd: lentDescriptor(fd)})
}

// lentSocket is what x/net takes for a *net.UDPConn: it has the methods of one,
// and the only one that is ever called leads to the descriptor. A real UDPConn of
// it would need two duplicates, and on Windows tie the socket to the completion
// port of Go's runtime.
type lentSocket struct {
	*net.UDPConn
	fd lentDescriptor
}

// SyscallConn is the method that x/net calls.
func (s lentSocket) SyscallConn() (syscall.RawConn, error) { return s.fd, nil }

// lentDescriptor is a syscall.RawConn whose descriptor is open as long as the call
// lasts that lends it.
type lentDescriptor int

// Control lends the descriptor.
func (d lentDescriptor) Control(use func(fd uintptr)) error {
	use(uintptr(d))
	return nil
}

// Read and Write are not for descriptors that are lent.
func (lentDescriptor) Read(func(fd uintptr) bool) error  { return errors.ErrUnsupported }
func (lentDescriptor) Write(func(fd uintptr) bool) error { return errors.ErrUnsupported }
