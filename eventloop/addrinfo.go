package eventloop

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tidemill-go/tidemill/platform"
)

// NameInfo is what GetNameInfo found.
type NameInfo struct {
	// Host is the first name of the address, without the final dot; the address
	// in figures if it has none.
	Host string

	// Service is the port in figures.
	Service string
}

// GetAddrInfo resolves "host:port" without blocking the loop: figures at once,
// names and services in the executor. network is "tcp" or "udp", with 4 or 6
// behind it for one family only; an empty host means the loopback. The addresses
// are in the resolver's order, at least one. Cancelling gives the look-up up.
//
// The future fails with: *platform.UnsupportedError; net.UnknownNetworkError or
// *net.AddrError for the arguments; *net.DNSError; ErrLoopClosed. Any goroutine.
func (l *Loop) GetAddrInfo(network, address string) *Future[[]netip.AddrPort] {
	if err := l.table.Check(platform.GetAddrInfo); err != nil {
		return failed[[]netip.AddrPort](l, err)
	}
	stream, known := streamNetwork(network)
	if !known {
		return failed[[]netip.AddrPort](l, net.UnknownNetworkError(network))
	}
	e, err := parseEndpoint(stream, address, false)
	if err != nil {
		return failed[[]netip.AddrPort](l, err)
	}
	return submit(l, func(f *Future[[]netip.AddrPort]) {
		giveUp := l.resolve(e, func(found []platform.Sockaddr, err error) {
			addrs := make([]netip.AddrPort, len(found))
			for i, a := range found {
				addrs[i] = a.AddrPort()
			}
			settle(f, addrs, err)
		})
		f.OnCancel(giveUp)
	})
}

// streamNetwork names the network of streams with the same addresses.
func streamNetwork(network string) (stream string, known bool) {
	family, udp := strings.CutPrefix(network, "udp")
	if udp {
		network = "tcp" + family
	}
	return network, network == "tcp" || network == "tcp4" || network == "tcp6"
}

// GetNameInfo asks for the name of an address, in the executor. An address that
// is known to have no name is named by its figures. Cancelling gives the look-up
// up.
//
// The future fails with: *platform.UnsupportedError; os.ErrInvalid for an invalid
// address; *net.DNSError if nobody could be asked; ErrLoopClosed. Any goroutine.
func (l *Loop) GetNameInfo(a netip.AddrPort) *Future[NameInfo] {
	if err := l.table.Check(platform.GetNameInfo); err != nil {
		return failed[NameInfo](l, err)
	}
	if !a.IsValid() {
		return failed[NameInfo](l, invalid("GetNameInfo of no address"))
	}
	return submit(l, func(f *Future[NameInfo]) {
		ctx, cancel := context.WithCancel(context.Background())
		look := func() (NameInfo, error) {
			defer cancel()
			return lookupName(ctx, a)
		}
		f.OnCancel(cancel)
		RunInExecutor(l, look).AddDoneCallback(func(found *Future[NameInfo]) {
			cancel() // of a look-up that never ran
			info, err := found.Result()
			settle(f, info, err)
		})
	})
}

func lookupName(ctx context.Context, a netip.AddrPort) (NameInfo, error) {
	info := NameInfo{Host: a.Addr().String(), Service: strconv.Itoa(int(a.Port()))}
	names, err := net.DefaultResolver.LookupAddr(ctx, info.Host)
	if err != nil {
		if missing, ok := errors.AsType[*net.DNSError](err); ok && missing.IsNotFound {
			return info, nil
		}
		return NameInfo{}, err
	}
	if len(names) > 0 {
		info.Host = strings.TrimSuffix(names[0], ".")
	}
	return info, nil
}
