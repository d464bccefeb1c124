package platform_test

import (
	"net"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("the mode of an open file", func() {
	It("tells what it was opened for", func() {
		r, w := pipeEnds()
		modes := func(fd int) [2]bool {
			reads, writes, err := platform.AccessMode(fd)
			Expect(err).NotTo(HaveOccurred())
			return [2]bool{reads, writes}
		}
		Expect(modes(r)).To(Equal([2]bool{true, false}))
		Expect(modes(w)).To(Equal([2]bool{false, true}))
		Expect(modes(openSocket(syscall.AF_INET, syscall.SOCK_STREAM))).To(Equal([2]bool{true, true}))
		_, _, err := platform.AccessMode(-1)
		Expect(err).To(MatchError(errBadDescriptor))
	})

})

var _ = Describe("RecvFrom and SendTo", func() {
	It("move a datagram with its sender's address", func() {
		a, b := openSocket(syscall.AF_INET, syscall.SOCK_DGRAM), openSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
		Expect(platform.Bind(a, loopback)).To(Succeed())
		Expect(platform.Bind(b, loopback)).To(Succeed())
		_, _, err := platform.RecvFrom(b, make([]byte, 8))
		Expect(platform.WouldBlock(err)).To(BeTrue())
		Expect(platform.SendTo(a, []byte("hello"), localName(b))).To(Succeed())
		await(b, readable)
		buffer := make([]byte, 8)
		n, from, err := platform.RecvFrom(b, buffer)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(buffer[:n])).To(Equal("hello"))
		Expect(from).To(Equal(localName(a)))
		Expect(platform.SendTo(a, make([]byte, 70000), localName(b))).To(MatchError(errTooLong))
		Expect(platform.SendTo(a, nil, platform.Sockaddr{})).To(MatchError(errInvalid))
	})
})

var _ = Describe("SockaddrOf", func() {
	DescribeTable("is the reverse of NetAddr",
		func(a net.Addr) {
			s, err := platform.SockaddrOf(a)
			Expect(err).NotTo(HaveOccurred())
			Expect(s.NetAddr(a.Network()).String()).To(Equal(a.String()))
		},
		func(a net.Addr) string { return a.Network() + " " + a.String() },
		Entry(nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:80"))),
		Entry(nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[::1]:53"))),
		Entry(nil, &net.UnixAddr{Net: "unix", Name: "/tmp/s"}),
	)

	It("takes a missing IP address for the unspecified one", func() {
		s, err := platform.SockaddrOf(&net.UDPAddr{Port: 5})
		Expect(err).NotTo(HaveOccurred())
		Expect(s.String()).To(Equal("0.0.0.0:5"))
	})

	DescribeTable("refuses what is no address of a socket",
		func(a net.Addr) {
			s, err := platform.SockaddrOf(a)
			Expect(err).To(BeAssignableToTypeOf(&net.AddrError{}))
			Expect(s.IsValid()).To(BeFalse())
		},
		Entry("nil", nil),
		Entry("a nil address", (*net.TCPAddr)(nil)),
		Entry("an address of another kind", &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}),
	)
})
