package eventloop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/tidemill-go/tidemill/platform"
)

// A Resolver looks names up; a *net.Resolver is one. It is called on goroutines
// of the executor and may block until ctx ends.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupPort(ctx context.Context, network, service string) (port int, err error)
}

var errNoAddresses = errors.New("the resolver returned no address")

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

// endpoint is a checked address: a Unix path, or "host:port" with the addresses
// if they are known without a resolver, or the name and the service to resolve.
type endpoint struct {
	family   family
	literal  []platform.Sockaddr
	host     string
	port     uint16
	service  string   // if port is to be looked up
	services string   // "udp" if it is to be looked up there; empty means "tcp"
	resolver Resolver // nil: the system's
}

// parseEndpoint checks an address before anything is done. passive: an empty
// host means all interfaces, of all families; otherwise the loopback.
func parseEndpoint(network, address string, passive bool) (endpoint, error) {
	if network == "unix" {
		a, err := unixSockaddr(address)
		return endpoint{literal: []platform.Sockaddr{a}}, err
	}
	f, err := tcpFamily(network)
	if err != nil {
		return endpoint{}, err
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err
	}
	if host, err = asciiHost(host); err != nil {
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

// asciiHost is what resolvers know an international name by (RFC 5891). A name
// that is ASCII goes through as it is: the rules of that RFC would refuse names
// with an underscore, which private networks have.
func asciiHost(host string) (string, error) {
	if strings.IndexFunc(host, func(r rune) bool { return r > 0x7F }) < 0 {
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return "", &net.AddrError{Err: "invalid host name: " + err.Error(), Addr: host}
	}
	return ascii, nil
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

// lookup asks the resolver. It blocks.
func (e endpoint) lookup(ctx context.Context) ([]platform.Sockaddr, error) {
	if e.resolver == nil {
		e.resolver = net.DefaultResolver
	}
	port := e.port
	if e.service != "" {
		n, err := e.resolver.LookupPort(ctx, cmp.Or(e.services, "tcp"), e.service)
		if err != nil {
			return nil, err
		}
		port = uint16(n)
	}
	addrs, err := e.literals(true)
	if len(addrs) == 0 && err == nil {
		addrs, err = e.names(ctx)
	}
	var out []platform.Sockaddr
	for _, a := range addrs {
		out = append(out, platform.InetSockaddr(netip.AddrPortFrom(a.Unmap(), port)))
	}
	return out, err
}

// names returns the addresses of the host that go with the network.
func (e endpoint) names(ctx context.Context) ([]netip.Addr, error) {
	addrs, err := e.resolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w for %q", errNoAddresses, e.host)
	}
	kept := filter(addrs, e.family)
	if len(kept) == 0 {
		return nil, &net.DNSError{Err: "no address of the network's family", Name: e.host, IsNotFound: true}
	}
	return kept, nil
}

// resolve calls use on the loop with the addresses of e, in the resolver's
// order: at once if they are known, otherwise after a look-up in the executor,
// which the function that it returns gives up; use then hears of it as of any
// failure.
func (l *Loop) resolve(e endpoint, use func([]platform.Sockaddr, error)) (giveUp func()) {
	if len(e.literal) > 0 {
		use(e.literal, nil)
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	look := func() ([]platform.Sockaddr, error) {
		defer cancel()
		return e.lookup(ctx)
	}
	RunInExecutor(l, look).AddDoneCallback(func(f *Future[[]platform.Sockaddr]) { use(f.Result()) })
	return cancel
}
