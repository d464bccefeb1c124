package platform_test

import (
	"net"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

func inet(text string) platform.Sockaddr {
	return platform.InetSockaddr(netip.MustParseAddrPort(text))
}

var _ = Describe("Sockaddr", func() {
	It("is no address as a zero value", func() {
		var none platform.Sockaddr
		Expect(none.IsValid()).To(BeFalse())
		Expect(none.IsUnix()).To(BeFalse())
		Expect(none.Family()).To(Equal(syscall.AF_UNSPEC))
		Expect(none.String()).To(Equal("invalid address"))
		Expect(platform.InetSockaddr(netip.AddrPort{})).To(Equal(none))
	})

	It("can be compared and be a map's key", func() {
		seen := map[platform.Sockaddr]int{inet("127.0.0.1:80"): 1, platform.UnixSockaddr("/s"): 2, platform.UnixSockaddr(""): 3}
		Expect(seen[inet("127.0.0.1:80")]).To(Equal(1))
		Expect(seen[platform.UnixSockaddr("/s")]).To(Equal(2))
		Expect(seen[platform.UnixSockaddr("")]).To(Equal(3))
		Expect(seen).NotTo(HaveKey(platform.Sockaddr{}))
	})

	DescribeTable("knows its family and reads as package net writes it",
		func(a platform.Sockaddr, family int, network, text string) {
			Expect(a.IsValid()).To(BeTrue())
			Expect(a.IsUnix()).To(Equal(family == syscall.AF_UNIX))
			Expect(a.Family()).To(Equal(family))
			Expect(a.String()).To(Equal(text))
			Expect(a.NetAddr(network).String()).To(Equal(text))
			Expect(a.NetAddr(network).Network()).To(Equal(network))
		},
		Entry("IPv4", inet("127.0.0.1:80"), syscall.AF_INET, "tcp", "127.0.0.1:80"),
		Entry("IPv6", inet("[::1]:80"), syscall.AF_INET6, "udp", "[::1]:80"),
		Entry("IPv6 with a zone", inet("[fe80::1%eth0]:80"), syscall.AF_INET6, "tcp", "[fe80::1%eth0]:80"),
		Entry("IPv4 mapped into IPv6", inet("[::ffff:10.0.0.1]:80"), syscall.AF_INET6, "tcp", "10.0.0.1:80"),
		Entry("a path", platform.UnixSockaddr("/run/s"), syscall.AF_UNIX, "unix", "/run/s"),
		Entry("an abstract name", platform.UnixSockaddr("@s"), syscall.AF_UNIX, "unixgram", "@s"),
		Entry("a socket without a name", platform.UnixSockaddr(""), syscall.AF_UNIX, "unixpacket", ""),
	)

	It("becomes the address type of its network", func() {
		Expect(inet("127.0.0.1:80").NetAddr("tcp4")).To(Equal(&net.TCPAddr{IP: net.IP{127, 0, 0, 1}, Port: 80}))
		Expect(inet("127.0.0.1:80").NetAddr("udp4")).To(Equal(&net.UDPAddr{IP: net.IP{127, 0, 0, 1}, Port: 80}))
		Expect(platform.UnixSockaddr("/s").NetAddr("unix")).To(Equal(&net.UnixAddr{Name: "/s", Net: "unix"}))
	})

	DescribeTable("becomes an untyped nil for a network that does not go with it",
		func(a platform.Sockaddr, network string) { Expect(a.NetAddr(network) == nil).To(BeTrue()) },
		Entry("no address", platform.Sockaddr{}, "tcp"),
		Entry("a path as TCP", platform.UnixSockaddr("/s"), "tcp"),
		Entry("an IP address as a path", inet("127.0.0.1:80"), "unix"),
		Entry("an unknown network", inet("127.0.0.1:80"), "sctp"),
	)

	It("gives back what it was made of", func() {
		Expect(inet("[::1]:80").AddrPort()).To(Equal(netip.MustParseAddrPort("[::1]:80")))
		Expect(platform.UnixSockaddr("/s").Path()).To(Equal("/s"))
		Expect(inet("[::1]:80").Path()).To(BeEmpty())
		Expect(platform.UnixSockaddr("/s").AddrPort().IsValid()).To(BeFalse())
	})
})

var _ = Describe("a zone", func() {
	It("is the name of an interface, as package net shows it", func() {
		interfaces, err := net.Interfaces()
		Expect(err).NotTo(HaveOccurred())
		for _, each := range interfaces {
			Expect(platform.ZoneName(uint32(each.Index))).To(Equal(each.Name))
			Expect(platform.ZoneIndex(each.Name)).To(Equal(uint32(each.Index)))
		}
	})

	It("is a number where no interface has it", func() {
		Expect(platform.ZoneName(4_000_000)).To(Equal("4000000"))
		Expect(platform.ZoneIndex("4000000")).To(Equal(uint32(4_000_000)))
	})

	It("is nothing where there is none", func() {
		Expect(platform.ZoneName(0)).To(BeEmpty())
		Expect(platform.ZoneIndex("")).To(BeZero())
		Expect(platform.ZoneIndex("no-such-interface")).To(BeZero())
	})
})
