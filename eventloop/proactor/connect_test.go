//go:build linux || windows

package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"net/netip"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func connectSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Connect", func() {
		It("connects", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				fd := socket()
				p.Connect(fd, 1, at)
				Expect(p.awaitOne(1).Err()).NotTo(HaveOccurred())
				write(closing(accepted(l)), "x")
				Expect(string(p.receive(fd, 2, 1))).To(Equal("x"))
			})
		}, bounded)

		It("connects from where the socket is bound to", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				fd := socket()
				Expect(platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0")))).To(Succeed())
				from, err := platform.LocalName(fd)
				Expect(err).NotTo(HaveOccurred())
				p.Connect(fd, 1, at)
				Expect(p.awaitOne(1).Err()).NotTo(HaveOccurred())
				Expect(platform.PeerName(closing(accepted(l)))).To(Equal(from))
			})
		}, bounded)

		It("makes a whole socket: it knows its names and can be shut down", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				fd := socket()
				p.Connect(fd, 1, at)
				Expect(p.awaitOne(1).Err()).NotTo(HaveOccurred())
				near := closing(accepted(l))
				Expect(platform.PeerName(fd)).To(Equal(at))
				name, err := platform.LocalName(fd)
				Expect(err).NotTo(HaveOccurred())
				Expect(platform.PeerName(near)).To(Equal(name))
				Expect(platform.ShutdownWrite(fd)).To(Succeed())
				p.Receive(near, 2, false)
				end := p.awaitOne(2)
				Expect(end.Err()).NotTo(HaveOccurred())
				Expect(end.N()).To(BeZero())
			})
		}, bounded)

		It("connects over IPv6", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, err := platform.OpenSocket(syscall.AF_INET6, syscall.SOCK_STREAM)
				Expect(err).NotTo(HaveOccurred())
				Expect(platform.Bind(closing(l), platform.InetSockaddr(netip.MustParseAddrPort("[::1]:0")))).To(Succeed())
				Expect(platform.Listen(l, 1)).To(Succeed())
				at, err := platform.LocalName(l)
				Expect(err).NotTo(HaveOccurred())
				fd, err := platform.OpenSocket(syscall.AF_INET6, syscall.SOCK_STREAM)
				Expect(err).NotTo(HaveOccurred())
				p.Accept(l, 2)
				p.Connect(closing(fd), 1, at)
				Expect(p.awaitOne(1).Err()).NotTo(HaveOccurred())
				p.accept(2, 1)
			})
		}, bounded)

		It("is refused", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				shut(l)
				p.Connect(socket(), 1, at)
				Expect(p.awaitOne(1).Err()).To(Equal(errRefused))
			})
		}, bounded)
	})
}
