package platform_test

import (
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("multicast options", func() {
	DescribeTable("are set on the socket itself, which goes on as before",
		func(here platform.Sockaddr) {
			fd, err := platform.OpenSocket(here.Family(), syscall.SOCK_DGRAM)
			Expect(err).NotTo(HaveOccurred())
			closing(fd)
			if err := platform.Bind(fd, here); err != nil {
				Skip("this machine has no such loopback address: " + err.Error())
			}
			Expect(platform.SetMulticastTTL(fd, 3)).To(Succeed())
			Expect(platform.SetMulticastLoopback(fd, false)).To(Succeed())
			Expect(platform.SetMulticastLoopback(fd, true)).To(Succeed())

			name := nameOf(localName(fd))
			var out platform.Outbox
			Expect(out.Send(fd, outgoing(name, "still there"))).To(Equal(1))
			Expect(payloads(receive(platform.NewInbox(1, 64), fd))).To(Equal([]string{"still there"}))
			Expect(platform.WouldBlock(failure(platform.Recv(fd, make([]byte, 1))))).To(BeTrue(), "non-blocking as before")
		},
		Entry("IPv4", loopback),
		Entry("IPv6", inet("[::1]:0")),
	)

	It("fail on what is no datagram socket", func() {
		r, _ := pipeEnds()
		Expect(platform.SetMulticastTTL(r, 1)).NotTo(Succeed())
		Expect(platform.JoinGroup(r, netip.MustParseAddr("224.0.0.251"), nil)).NotTo(Succeed())
	})
})
