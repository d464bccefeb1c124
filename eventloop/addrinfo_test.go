package eventloop_test

import (
	"net"
	"net/netip"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func addrInfoSpecs(kind string) {
	Describe("GetAddrInfo", func() { // O17
		DescribeTable("resolves",
			func(ctx SpecContext, network, address string, want ...string) {
				w := newRealWorld(kind)
				w.background()
				got, err := w.GetAddrInfo(network, address).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				addrs := make([]string, len(got))
				for i, a := range got {
					addrs[i] = a.String()
				}
				Expect(addrs).To(Equal(want))
			},
			func(network, address string, want ...string) string { return network + " " + address },
			Entry(nil, "tcp", "127.0.0.1:80", "127.0.0.1:80", bounded),
			Entry(nil, "udp6", "[::1]:53", "[::1]:53", bounded),
			Entry(nil, "tcp4", ":80", "127.0.0.1:80", bounded),
			Entry(nil, "udp", ":80", "127.0.0.1:80", "[::1]:80", bounded),
			Entry(nil, "udp4", "localhost:http", "127.0.0.1:80", bounded),
		)

		It("refuses what can not be resolved", func() {
			w := newRealWorld(kind)
			Expect(failure(w.GetAddrInfo("unix", "x"))).To(Equal(net.UnknownNetworkError("unix")))
			Expect(failure(w.GetAddrInfo("tcp", "nonsense"))).To(BeAssignableToTypeOf(&net.AddrError{}))
			Expect(failure(w.GetAddrInfo("tcp4", "[::1]:80"))).To(BeAssignableToTypeOf(&net.AddrError{}))
		})

		It("gives the look-up up when it is cancelled", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			f := w.GetAddrInfo("tcp", "localhost:80")
			w.on(ctx, func() { f.Cancel() })
			_, err := f.Await(ctx)
			Expect(err).To(Or(BeNil(), MatchError(eventloop.ErrCancelled))) // a look-up may be that fast
			_, err = w.ShutdownDefaultExecutor().Await(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, bounded)
	})

	Describe("GetNameInfo", func() { // O17
		It("names an address", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			info, err := w.GetNameInfo(netip.MustParseAddrPort("127.0.0.1:80")).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Host).NotTo(BeEmpty())
			Expect(info.Host).NotTo(HaveSuffix("."))
			Expect(info.Service).To(Equal("80"))
		}, bounded)

		It("refuses no address", func() {
			w := newRealWorld(kind)
			Expect(failure(w.GetNameInfo(netip.AddrPort{}))).To(MatchError(os.ErrInvalid))
		})
	})
}
