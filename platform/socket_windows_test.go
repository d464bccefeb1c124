package platform_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("OpenSocket on Windows", func() {
	It("refuses Unix sockets, whatever the system has", func() {
		expectUnsupported(failure(platform.OpenSocket(windows.AF_UNIX, windows.SOCK_STREAM)))
		expectUnsupported(failure(platform.CreateSocket("unix")))
		fd := openSocket(windows.AF_INET, windows.SOCK_STREAM)
		expectUnsupported(platform.Bind(fd, platform.UnixSockaddr("/s")))
		expectUnsupported(platform.Connect(fd, platform.UnixSockaddr("/s")))
		expectUnsupported(failure(platform.NameOf(platform.UnixSockaddr("/s"))))
	})
})

func expectUnsupported(err error) {
	GinkgoHelper()
	_, refused := errors.AsType[*platform.UnsupportedError](err)
	Expect(refused).To(BeTrue(), "%v", err)
}

var _ = Describe("LocalName on Windows", func() {
	DescribeTable("of a socket that is not bound is the unspecified address",
		func(family int, want string) {
			Expect(localName(openSocket(family, windows.SOCK_STREAM)).String()).To(Equal(want))
		},
		Entry("IPv4", windows.AF_INET, "0.0.0.0:0"),
		Entry("IPv6", windows.AF_INET6, "[::]:0"),
	)

	It("fails on what is no socket", func() {
		r, _ := pipeEnds()
		Expect(failure(platform.LocalName(r))).To(sayNoSocket())
		Expect(failure(platform.PeerName(r))).To(sayNoSocket())
		Expect(failure(platform.SocketFamily(r))).To(sayNoSocket())
	})
})

var _ = Describe("SetReuseAddr on Windows", func() {
	It("is off unless asked for, because it lets two programs have one port", func() {
		Expect(platform.ReuseAddrByDefault).To(BeFalse())
		s := platform.NewSocket(openSocket(windows.AF_INET, windows.SOCK_STREAM))
		Expect(s.GetsockoptInt(windows.SOL_SOCKET, windows.SO_REUSEADDR)).To(BeZero())
	})
})

var _ = Describe("Recv and Send on Windows", func() {
	It("cut a datagram that is longer than the buffer, as elsewhere", func() {
		fd, name := boundTo(loopback)
		Expect(platform.SendTo(fd, []byte("longer"), name.Sockaddr())).To(Succeed())
		await(fd, readable)
		b := make([]byte, 4)
		Expect(platform.Recv(fd, b)).To(Equal(4))
		Expect(string(b)).To(Equal("long"))
		Expect(platform.WouldBlock(failure(platform.Recv(fd, b)))).To(BeTrue())
	})

	It("work without an allocation, would-block included", func() {
		client, server := connected()
		message, buffer := []byte(strings.Repeat("x", 64)), make([]byte, 256)
		Expect(testing.AllocsPerRun(100, func() {
			if n, err := platform.Send(client, message); n != len(message) || err != nil {
				panic(err)
			}
			for n := 0; n == 0; {
				var err error
				if n, err = platform.Recv(server, buffer); platform.WouldBlock(err) {
					n = 0
				}
			}
			if _, err := platform.Recv(server, buffer); !platform.WouldBlock(err) {
				panic(err)
			}
		})).To(BeZero())
	})

	// A receive after a reset is an end under Wine, as likely as not; the send
	// behind it is not.
	It("know that the peer has reset the connection", func(ctx SpecContext) {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, readable)
		server, _, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.SetLingerReset(server)).To(Succeed())
		Expect(platform.CloseFD(server)).To(Succeed())
		Eventually(ctx, func() bool {
			return platform.WouldBlock(failure(platform.Recv(client, make([]byte, 1))))
		}).Should(BeFalse())
		Eventually(ctx, func() bool {
			return platform.IsDisconnect(failure(platform.Send(client, []byte("late"))))
		}).Should(BeTrue())
	}, SpecTimeout(waitLimit))
})

var _ = Describe("a datagram socket on Windows", func() {
	// Wine reports an unreachable peer to the next send only, Windows to the next
	// receive.
	It("hears that its peer is not there, once it has one", func(ctx SpecContext) {
		fd := openSocket(windows.AF_INET, windows.SOCK_DGRAM)
		Expect(platform.Connect(fd, deadPort())).To(Succeed())
		Eventually(ctx, func() error {
			if _, err := platform.Send(fd, []byte("x")); err != nil {
				return err
			}
			_, err := platform.Recv(fd, make([]byte, 1))
			return err
		}).Should(Or(Equal(windows.WSAECONNREFUSED), Equal(windows.WSAECONNRESET)))
	}, SpecTimeout(waitLimit))

	It("goes on receiving when one of its receivers is not there", func() {
		fd, name := boundTo(loopback)
		Expect(platform.SendTo(fd, []byte("lost"), deadPort())).To(Succeed())
		Expect(platform.SendTo(fd, []byte("found"), name.Sockaddr())).To(Succeed())
		await(fd, readable)
		n, from, err := platform.RecvFrom(fd, make([]byte, 8))
		Expect(err).NotTo(HaveOccurred())
		Expect(n).To(Equal(5))
		Expect(from).To(Equal(name.Sockaddr()))
	})
})

var _ = Describe("a name on Windows", func() {
	It("is a SOCKADDR, as ConnectEx takes it", func() {
		name := nameOf(inet("127.0.0.1:258"))
		Expect(name.Bytes()).To(Equal([]byte{windows.AF_INET, 0, 1, 2, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}))
		six := nameOf(inet("[::1]:258"))
		Expect(six.Bytes()).To(HaveLen(28))
		Expect(six.Bytes()[:4]).To(Equal([]byte{windows.AF_INET6, 0, 1, 2}))
	})

	It("names a zone by its number", func() {
		interfaces, err := net.Interfaces()
		Expect(err).NotTo(HaveOccurred())
		for _, each := range interfaces {
			name := nameOf(inet("[fe80::1%" + each.Name + "]:53"))
			Expect(name.Bytes()[24:]).To(Equal([]byte{byte(each.Index), byte(each.Index >> 8), 0, 0}))
			Expect(name.Sockaddr()).To(Equal(inet("[fe80::1%" + each.Name + "]:53")))
		}
	})

	It("is the same for a sender as for its address", func() {
		fd, name := boundTo(loopback)
		var out platform.Outbox
		Expect(out.Send(fd, outgoing(name, "x"))).To(Equal(1))
		batch := receive(platform.NewInbox(2, 16), fd)
		Expect(batch[0].From.Bytes()).To(Equal(name.Bytes()))
	})
})

var _ = Describe("what no handle of Windows can do", func() {
	It("is refused by the calls too", func() {
		fd := openSocket(windows.AF_INET, windows.SOCK_STREAM)
		expectUnsupported(failure(platform.ReadFD(fd, nil)))
		expectUnsupported(failure(platform.WriteFD(fd, nil)))
		expectUnsupported(failure(platform.SendFDs(fd, []byte("x"), nil)))
		_, _, _, err := platform.RecvFDs(fd, nil)
		expectUnsupported(err)
		expectUnsupported(failure(platform.SendFile(fd, fd, 0, 1)))
		expectUnsupported(platform.SetReusePort(fd, true))
		expectUnsupported(platform.SetPacketInfo(fd, true))
		expectUnsupported(platform.SetWindowSize(fd, 1, 1, 1, 1))
		expectUnsupported(failure(platform.PeerCredentials(fd)))
	})

	It("is no disconnect, so that Sendfile copies", func() {
		Expect(platform.IsDisconnect(failure(platform.SendFile(-1, -1, 0, 1)))).To(BeFalse())
	})
})

var _ = Describe("Inbox on Windows", func() {
	It("takes what there is, from a socket with a peer too", func() {
		fd, name := boundTo(loopback)
		peer, peerName := boundTo(loopback)
		Expect(platform.Connect(fd, peerName.Sockaddr())).To(Succeed())
		var out platform.Outbox
		Expect(out.Send(peer, outgoing(name, "a", "b"))).To(Equal(2))
		inbox := platform.NewInbox(4, 16)
		Expect(payloads(receive(inbox, fd))).To(Equal([]string{"a", "b"}))
		Expect(platform.WouldBlock(failure(inbox.Receive(fd, false)))).To(BeTrue())
	})
})
