package transports

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// correspondent is a sender as protocols see it, made once.
type correspondent struct {
	key  string // the name's bytes
	addr netip.AddrPort
	net  net.Addr
}

// generation is how many senders an address book learns before it forgets those
// that have sent nothing since it learnt as many before.
const generation = 1024

// addressBook interns senders, so that a datagram from a known one costs no
// allocation and, with a zone, no question about interfaces. It forgets the
// eldest by halves: what one endpoint keeps is bounded whoever sends.
type addressBook struct {
	last       *correspondent // most datagrams come in runs
	young, old map[string]*correspondent
}

func (b *addressBook) find(name *platform.Name, network string) *correspondent {
	key := name.Bytes()
	if b.last != nil && b.last.key == string(key) {
		return b.last
	}
	c := b.young[string(key)]
	if c == nil {
		if c = b.old[string(key)]; c == nil {
			c = introduce(name, network)
		}
		b.learn(c)
	}
	b.last = c
	return c
}

func (b *addressBook) learn(c *correspondent) {
	if len(b.young) >= generation {
		b.young, b.old = b.old, b.young
		clear(b.young)
	}
	if b.young == nil {
		b.young = make(map[string]*correspondent)
	}
	b.young[c.key] = c
}

// introduce makes a correspondent. A Unix sender without a name is an address
// without a name, not nil: protocols may print it.
func introduce(name *platform.Name, network string) *correspondent {
	a := unmapped(name.Sockaddr())
	if network == "unixgram" && !a.IsValid() {
		a = platform.UnixSockaddr("")
	}
	return &correspondent{key: string(name.Bytes()), addr: a.AddrPort(), net: a.NetAddr(network)}
}

// unmapped makes an IPv4 address of one that an IPv6 socket shows as IPv6.
func unmapped(a platform.Sockaddr) platform.Sockaddr {
	if ap := a.AddrPort(); ap.Addr().Is4In6() {
		return platform.InetSockaddr(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
	}
	return a
}

// zonedNames remembers how addresses with a zone are encoded: that asks for the
// interface, with system calls of its own.
type zonedNames map[netip.AddrPort]platform.Name

func (z *zonedNames) encode(ap netip.AddrPort) (platform.Name, error) {
	if name, known := (*z)[ap]; known {
		return name, nil
	}
	name, err := platform.NameOf(platform.InetSockaddr(ap))
	if err != nil {
		return name, err
	}
	if *z == nil || len(*z) >= generation {
		*z = make(zonedNames)
	}
	(*z)[ap] = name
	return name, nil
}

// destination fills in where a datagram goes.
func (d *Datagram) destination(to *platform.Name, addr net.Addr) error {
	switch a := addr.(type) {
	case nil:
		return d.impliedDestination(to)
	case *net.UDPAddr:
		if a == nil {
			return d.impliedDestination(to)
		}
		ap := a.AddrPort()
		if !ap.IsValid() {
			return d.refuse(addr, "no IP address")
		}
		return d.inetDestination(to, ap)
	case *net.UnixAddr:
		if a == nil {
			return d.impliedDestination(to)
		}
		return d.unixDestination(to, a)
	}
	return d.refuse(addr, fmt.Sprintf("a %T is no address of a datagram socket", addr))
}

// impliedDestination is for datagrams to nobody in particular.
func (d *Datagram) impliedDestination(to *platform.Name) error {
	if !d.isConnected() && d.fallback.IsZero() {
		return &net.AddrError{Err: "an endpoint that is not connected needs an address to send to"}
	}
	*to = d.fallback
	return nil
}

func (d *Datagram) inetDestination(to *platform.Name, ap netip.AddrPort) (err error) {
	if !ap.IsValid() {
		return d.impliedDestination(to)
	}
	ip := ap.Addr().Unmap()
	switch {
	case d.isLocal():
		return d.refuse(net.UDPAddrFromAddrPort(ap), "an IP address on a Unix endpoint")
	case d.isConnected():
		if peer := d.peer.AddrPort(); ip.WithZone("") != peer.Addr().WithZone("") || ap.Port() != peer.Port() {
			return d.refuse(net.UDPAddrFromAddrPort(ap), "not the peer's address")
		}
		*to = platform.Name{}
		return nil
	case d.family == syscall.AF_INET && !ip.Is4():
		return d.refuse(net.UDPAddrFromAddrPort(ap), "an IPv6 address on an IPv4 endpoint")
	case d.family == syscall.AF_INET6 && ip.Is4():
		ip = netip.AddrFrom16(ip.As16())
	}
	ap = netip.AddrPortFrom(ip, ap.Port())
	if ip.Zone() != "" {
		*to, err = d.zoned.encode(ap)
	} else {
		*to, err = platform.NameOf(platform.InetSockaddr(ap))
	}
	return err
}

func (d *Datagram) unixDestination(to *platform.Name, a *net.UnixAddr) (err error) {
	switch {
	case !d.isLocal():
		return d.refuse(a, "a Unix address on a UDP endpoint")
	case d.isConnected():
		if a.Name != d.peer.Path() {
			return d.refuse(a, "not the peer's address")
		}
		*to = platform.Name{}
		return nil
	}
	if *to, err = platform.NameOf(platform.UnixSockaddr(a.Name)); err != nil {
		return d.refuse(a, "the path is too long")
	}
	return nil
}

func (d *Datagram) refuse(addr net.Addr, why string) error {
	return &net.AddrError{Err: why, Addr: addr.String()}
}
