package platform

import (
	"net"
	"net/netip"
	"os"

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

// withPacketConn lends a socket to x/net, which asks for a net.PacketConn: one
// over another descriptor of the same socket, whose options are the same. These
// options are set once in a while, so two more descriptors for a moment are no
// price.
func withPacketConn(fd int, use func(net.PacketConn) error) error {
	other, err := DupFD(fd)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(other), "datagram socket")
	defer f.Close()
	c, err := net.FilePacketConn(f)
	if err != nil {
		return err
	}
	defer c.Close()
	return use(c)
}
