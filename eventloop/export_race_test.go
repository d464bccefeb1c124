package eventloop

import (
	"net/netip"

	"github.com/tidemill-go/tidemill/platform"
)

// Interleave shows in which order addresses are tried.
func Interleave(addrs []netip.Addr, n int) (ordered []netip.Addr) {
	var in []platform.Sockaddr
	for _, a := range addrs {
		in = append(in, platform.InetSockaddr(netip.AddrPortFrom(a, 1)))
	}
	for _, a := range interleave(in, n) {
		ordered = append(ordered, a.AddrPort().Addr())
	}
	return ordered
}
