package eventloop

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/tidemill-go/tidemill/platform"
)

// forNetwork picks the operation that the platform table is asked about.
func forNetwork(network string, tcp, unix platform.Operation) platform.Operation {
	if strings.HasPrefix(network, "unix") {
		return unix
	}
	return tcp
}

// family restricts what a name may resolve to, as the digit of a network's name
// does.
type family int

const (
	anyFamily family = 0
	ipv4Only  family = 4
	ipv6Only  family = 6
)

// tcpFamily reads "tcp", "tcp4" or "tcp6".
func tcpFamily(network string) (family, error) {
	switch network {
	case "tcp":
		return anyFamily, nil
	case "tcp4":
		return ipv4Only, nil
	case "tcp6":
		return ipv6Only, nil
	}
	return anyFamily, net.UnknownNetworkError(network)
}

func (f family) admits(a netip.Addr) bool {
	switch f {
	case ipv4Only:
		return a.Unmap().Is4()
	case ipv6Only:
		return a.Is6() && !a.Is4In6()
	}
	return true
}

// endpoint is a checked "host:port": the addresses if they are known without a
// resolver, or the name and the service to resolve.
type endpoint struct {
	family  family
	literal []platform.Sockaddr
	host    string
	port    uint16
	service string // if port is to be looked up
}

// parseEndpoint checks an address before anything is done. passive: an empty
// host means all interfaces, of all families; otherwise the loopback.
func parseEndpoint(network, address string, passive bool) (endpoint, error) {
	f, err := tcpFamily(network)
	if err != nil {
		return endpoint{}, err
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err
	}
	e := endpoint{family: f, host: host}
	if port, err := netip.ParseAddrPort("0.0.0.0:" + service); err == nil {
		e.port = port.Port()
	} else if strings.Trim(service, "+-0123456789") == "" {
		return endpoint{}, &net.AddrError{Err: "invalid port", Addr: address}
	} else {
		e.service = service
		return e, nil
	}
	addrs, err := e.literals(passive)
	if err != nil {
		return endpoint{}, err
	}
	for _, a := range addrs {
		e.literal = append(e.literal, platform.InetSockaddr(netip.AddrPortFrom(a, e.port)))
	}
	return e, nil
}

// literals are the addresses of a host that needs no resolver (contract H7).
func (e *endpoint) literals(passive bool) ([]netip.Addr, error) {
	if e.host == "" {
		addrs := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
		if !passive {
			addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
		}
		return filter(addrs, e.family), nil
	}
	a, err := netip.ParseAddr(e.host)
	if err != nil {
		return nil, nil
	}
	if !e.family.admits(a) {
		return nil, &net.AddrError{Err: "address is not of the network's family", Addr: e.host}
	}
	return []netip.Addr{a}, nil
}

func filter(addrs []netip.Addr, f family) (kept []netip.Addr) {
	for _, a := range addrs {
		if f.admits(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// lookup asks the system's resolver. It blocks.
func (e endpoint) lookup() ([]platform.Sockaddr, error) {
	ctx := context.Background()
	port := e.port
	if e.service != "" {
		n, err := net.DefaultResolver.LookupPort(ctx, "tcp", e.service)
		if err != nil {
			return nil, err
		}
		port = uint16(n)
	}
	addrs, err := e.literals(true)
	if len(addrs) == 0 && err == nil {
		addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	}
	if err != nil {
		return nil, err
	}
	var out []platform.Sockaddr
	for _, a := range filter(addrs, e.family) {
		out = append(out, platform.InetSockaddr(netip.AddrPortFrom(a.Unmap(), port)))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{Err: fmt.Sprintf("no address of the network's family for %q", e.host), Name: e.host, IsNotFound: true}
	}
	return out, nil
}

// resolve calls use on the loop with the addresses of e, in the resolver's
// order; a literal is used at once. Names are looked up in the executor.
func (l *Loop) resolve(e endpoint, use func([]platform.Sockaddr, error)) {
	if len(e.literal) > 0 {
		use(e.literal, nil)
		return
	}
	RunInExecutor(l, e.lookup).AddDoneCallback(func(f *Future[[]platform.Sockaddr]) { use(f.Result()) })
}
