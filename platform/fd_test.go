package platform_test

import (
	"errors"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("OpenSocket", func() {
	DescribeTable("makes a non-blocking socket that is closed on exec",
		func(family, sotype int) {
			fd := openSocket(family, sotype)
			expectOurs(fd)
			Expect(platform.SocketType(fd)).To(Equal(sotype))
			Expect(platform.SocketFamily(fd)).To(Equal(family))
		},
		Entry("TCP", syscall.AF_INET, syscall.SOCK_STREAM),
		Entry("UDP", syscall.AF_INET, syscall.SOCK_DGRAM),
	)

})

var _ = Describe("Bind", func() {
	It("gives a free port for port zero", func() {
		fd := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(platform.Bind(fd, loopback)).To(Succeed())
		Expect(localName(fd).AddrPort().Port()).NotTo(BeZero())
	})

	It("fails with EADDRINUSE for a port that is taken", func() {
		_, address := listening(loopback)
		Expect(platform.Bind(openSocket(syscall.AF_INET, syscall.SOCK_STREAM), address)).To(Equal(errAddrInUse))
	})

	It("fails with EINVAL for no address", func() {
		fd := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(platform.Bind(fd, platform.Sockaddr{})).To(Equal(errInvalid))
	})
})

var _ = Describe("Connect", func() {
	It("ends in a writable socket without an error", func() {
		client, server := connected()
		Expect(platform.PeerName(client)).To(Equal(localName(server)))
	})

	It("ends in ECONNREFUSED when nobody listens", func() {
		deaf := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(platform.Bind(deaf, loopback)).To(Succeed())
		client := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		err := platform.Connect(client, localName(deaf))
		if platform.IsInProgress(err) {
			await(client, writable)
			err = platform.SocketError(client)
		}
		Expect(err).To(Equal(errConnRefused))
		Expect(platform.IsRefused(err)).To(BeTrue())
	})

	It("fails with EINVAL for no address", func() {
		fd := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(platform.Connect(fd, platform.Sockaddr{})).To(Equal(errInvalid))
	})
})

var _ = Describe("PeerName", func() {
	It("fails with ENOTCONN on a socket that is not connected", func() {
		_, err := platform.PeerName(openSocket(syscall.AF_INET, syscall.SOCK_STREAM))
		Expect(err).To(Equal(errNotConnected))
	})
})

var _ = Describe("CloseFD", func() {
	It("closes once and then fails with EBADF", func() {
		fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(platform.CloseFD(fd)).To(Equal(errBadDescriptor))
	})
})

var _ = Describe("DupFD", func() {
	It("gives a descriptor of the same open file that is closed on exec", func() {
		fd, address := listening(loopback)
		dup, err := platform.DupFD(fd)
		Expect(err).NotTo(HaveOccurred())
		expectOurs(closing(dup))
		Expect(localName(dup)).To(Equal(address))
	})

	It("fails with EBADF on what is no descriptor", func() {
		_, err := platform.DupFD(-1)
		Expect(err).To(Equal(errBadDescriptor))
	})
})

var _ = Describe("socket options", func() {
	option := func(fd, level, name int) bool {
		GinkgoHelper()
		value, err := platform.NewSocket(fd).GetsockoptInt(level, name)
		Expect(err).NotTo(HaveOccurred())
		return value != 0
	}

	DescribeTable("are set and cleared",
		func(family, level, name int, set func(int, bool) error) {
			fd := openSocket(family, syscall.SOCK_STREAM)
			Expect(set(fd, true)).To(Succeed())
			Expect(option(fd, level, name)).To(BeTrue())
			Expect(set(fd, false)).To(Succeed())
			Expect(option(fd, level, name)).To(BeFalse())
		},
		Entry("TCP_NODELAY", syscall.AF_INET, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, platform.SetNoDelay),
		Entry("SO_REUSEADDR", syscall.AF_INET, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, platform.SetReuseAddr),
	)

	It("fail on a pipe, which is no socket", func() {
		fd, _ := pipeEnds()
		Expect(platform.SetNoDelay(fd, true)).To(sayNoSocket())
		_, err := platform.SocketType(fd)
		Expect(err).To(sayNoSocket())
		Expect(platform.SocketError(fd)).To(sayNoSocket())
	})
})

var _ = Describe("an IPv6 socket", func() {
	const anyAddress = "[::]:0"
	BeforeEach(func() {
		fd, err := platform.OpenSocket(syscall.AF_INET6, syscall.SOCK_STREAM)
		if err == nil {
			err = errors.Join(platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("[::1]:0"))), platform.CloseFD(fd))
		}
		if err != nil {
			Skip("this machine has no IPv6 loopback: " + err.Error())
		}
	})

	It("accepts with the peer's IPv6 address", func() {
		listener, address := listening(platform.InetSockaddr(netip.MustParseAddrPort("[::1]:0")))
		client := connecting(address)
		await(listener, readable)
		fd, peer, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		closing(fd)
		Expect(peer).To(Equal(localName(client)))
		Expect(peer.Family()).To(Equal(syscall.AF_INET6))
		Expect(peer.String()).To(HavePrefix("[::1]:"))
	})

	It("serves IPv4 too unless it is told not to", func() {
		listener := openSocket(syscall.AF_INET6, syscall.SOCK_STREAM)
		Expect(platform.SetIPv6Only(listener, false)).To(Succeed())
		Expect(platform.Bind(listener, platform.InetSockaddr(netip.MustParseAddrPort(anyAddress)))).To(Succeed())
		Expect(platform.Listen(listener, 0)).To(Succeed())
		port := localName(listener).AddrPort().Port()

		client := connecting(platform.InetSockaddr(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)))
		await(listener, readable)
		fd, peer, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		closing(fd)
		Expect(peer.AddrPort().Addr().Is4In6()).To(BeTrue())
		Expect(peer.String()).To(Equal(localName(client).String()))
	})

	It("leaves IPv4 to others when it is told to", func() {
		six := openSocket(syscall.AF_INET6, syscall.SOCK_STREAM)
		Expect(platform.SetIPv6Only(six, true)).To(Succeed())
		Expect(platform.Bind(six, platform.InetSockaddr(netip.MustParseAddrPort(anyAddress)))).To(Succeed())
		port := localName(six).AddrPort().Port()
		four := openSocket(syscall.AF_INET, syscall.SOCK_STREAM)
		Expect(platform.Bind(four, platform.InetSockaddr(netip.AddrPortFrom(netip.IPv4Unspecified(), port)))).To(Succeed())
	})
})
