//go:build unix

package platform_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// contentsOf is a descriptor of a file with some contents.
func contentsOf(s string) int {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "f")
	Expect(os.WriteFile(path, []byte(s), 0o600)).To(Succeed())
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
}

func pipeEnds() (r, w int) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	return closing(fds[0]), closing(fds[1])
}

var _ = Describe("SendFile", func() {
	if platform.For(platform.Target{}).Check(platform.SendfileNative) != nil {
		return // NetBSD and OpenBSD have none; the table says so
	}

	It("sends from an offset, leaves the position, and returns nothing at the end", func() {
		client, server := connected()
		in := contentsOf("0123456789")
		Expect(platform.SendFile(client, in, 4, 3)).To(Equal(3))
		Expect(platform.SendFile(client, in, 8, 100)).To(Equal(2))
		Expect(platform.SendFile(client, in, 10, 100)).To(Equal(0))
		await(server, unix.POLLIN)
		b := make([]byte, 16)
		Expect(platform.Recv(server, b)).To(Equal(5))
		Expect(string(b[:5])).To(Equal("45689"))
		Expect(unix.Seek(in, 0, 1)).To(BeZero())
	})

	It("would block when the socket is full", func() {
		client, _ := connected()
		in := contentsOf(string(make([]byte, 1<<20)))
		var err error
		for range 1000 {
			if _, err = platform.SendFile(client, in, 0, 1<<20); err != nil {
				break
			}
		}
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	})

	It("says that the connection is gone", func() {
		client, _ := connected()
		Expect(platform.ShutdownWrite(client)).To(Succeed())
		_, err := platform.SendFile(client, contentsOf("x"), 0, 1)
		Expect(err).To(MatchError(unix.EPIPE))
	})
})

var _ = Describe("the mode of an open file", func() {
	It("is one for all its descriptors", func() {
		r, _ := pipeEnds()
		dup, err := platform.DupFD(r)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		Expect(platform.IsNonblocking(r)).To(BeFalse())
		Expect(platform.SetNonblock(dup)).To(Succeed())
		Expect(platform.IsNonblocking(r)).To(BeTrue())
		Expect(platform.SetBlocking(r)).To(Succeed())
		Expect(platform.IsNonblocking(dup)).To(BeFalse())
	})

	It("tells what it was opened for", func() {
		r, w := pipeEnds()
		modes := func(fd int) [2]bool {
			reads, writes, err := platform.AccessMode(fd)
			Expect(err).NotTo(HaveOccurred())
			return [2]bool{reads, writes}
		}
		Expect(modes(r)).To(Equal([2]bool{true, false}))
		Expect(modes(w)).To(Equal([2]bool{false, true}))
		Expect(modes(openSocket(unix.AF_INET, unix.SOCK_STREAM))).To(Equal([2]bool{true, true}))
		_, _, err := platform.AccessMode(-1)
		Expect(err).To(MatchError(unix.EBADF))
	})

	It("has a file that two descriptors can be compared by", func() {
		one, other := contentsOf("x"), contentsOf("x")
		dup, err := platform.DupFD(one)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		id, err := platform.FileIDOf(one)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.FileIDOf(dup)).To(Equal(id))
		Expect(platform.FileIDOf(other)).NotTo(Equal(id))
	})
})

var _ = Describe("RecvFrom and SendTo", func() {
	It("move a datagram with its sender's address", func() {
		a, b := openSocket(unix.AF_INET, unix.SOCK_DGRAM), openSocket(unix.AF_INET, unix.SOCK_DGRAM)
		Expect(platform.Bind(a, loopback)).To(Succeed())
		Expect(platform.Bind(b, loopback)).To(Succeed())
		_, _, err := platform.RecvFrom(b, make([]byte, 8))
		Expect(platform.WouldBlock(err)).To(BeTrue())
		Expect(platform.SendTo(a, []byte("hello"), localName(b))).To(Succeed())
		await(b, unix.POLLIN)
		buffer := make([]byte, 8)
		n, from, err := platform.RecvFrom(b, buffer)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(buffer[:n])).To(Equal("hello"))
		Expect(from).To(Equal(localName(a)))
		Expect(platform.SendTo(a, make([]byte, 70000), localName(b))).To(MatchError(unix.EMSGSIZE))
		Expect(platform.SendTo(a, nil, platform.Sockaddr{})).To(MatchError(unix.EINVAL))
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
