package transports

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// JoinGroup implements protocols.MulticastTransport.
func (d *Datagram) JoinGroup(group netip.Addr, ifi *net.Interface) error {
	return d.member("JoinGroup", group, ifi, platform.JoinGroup)
}

// LeaveGroup implements protocols.MulticastTransport.
func (d *Datagram) LeaveGroup(group netip.Addr, ifi *net.Interface) error {
	return d.member("LeaveGroup", group, ifi, platform.LeaveGroup)
}

// member refuses what the kernel would answer with EINVAL, or worse: x/net makes
// an unspecified address of an invalid one.
func (d *Datagram) member(op string, group netip.Addr, ifi *net.Interface, do func(int, netip.Addr, *net.Interface) error) error {
	return d.multicast(op, func() error {
		switch {
		case !group.IsMulticast():
			return &net.AddrError{Err: "not a multicast group", Addr: group.String()}
		case group.Unmap().Is4() != (d.family == syscall.AF_INET):
			return &net.AddrError{Err: "a group of another family than the endpoint's", Addr: group.String()}
		}
		return do(d.fd, group, ifi)
	})
}

// SetMulticastInterface implements protocols.MulticastTransport.
func (d *Datagram) SetMulticastInterface(ifi *net.Interface) error {
	return d.multicast("SetMulticastInterface", func() error { return platform.SetMulticastInterface(d.fd, ifi) })
}

// SetMulticastTTL implements protocols.MulticastTransport.
func (d *Datagram) SetMulticastTTL(ttl int) error {
	return d.multicast("SetMulticastTTL", func() error {
		if ttl < 0 || ttl > 255 {
			return fmt.Errorf("a TTL is from 0 to 255, not %d", ttl)
		}
		return platform.SetMulticastTTL(d.fd, ttl)
	})
}

// SetMulticastLoopback implements protocols.MulticastTransport.
func (d *Datagram) SetMulticastLoopback(on bool) error {
	return d.multicast("SetMulticastLoopback", func() error { return platform.SetMulticastLoopback(d.fd, on) })
}

func (d *Datagram) multicast(op string, do func() error) error {
	if err := d.offLoop(op); err != nil {
		return err
	}
	err := error(nil)
	switch {
	case d.is(isDone):
		err = net.ErrClosed
	case d.isLocal():
		err = &net.AddrError{Err: "a Unix endpoint has no multicast groups"}
	default:
		err = do()
	}
	if err != nil {
		return d.opError(op, nil, err)
	}
	return nil
}
