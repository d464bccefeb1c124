package platform_test

import (
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

func created(network string) *platform.Socket {
	GinkgoHelper()
	s, err := platform.CreateSocket(network)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = s.Close() })
	return s
}

var _ = Describe("CreateSocket", func() {
	DescribeTable("makes a socket of the network, non-blocking and closed on exec",
		func(network string, family, sotype int) {
			s := created(network)
			Expect(s.Network()).To(Equal(network))
			Expect(s.Family()).To(Equal(family))
			Expect(s.Type()).To(Equal(sotype))
			expectOurs(int(s.FD()))
		},
		Entry(nil, "tcp4", syscall.AF_INET, syscall.SOCK_STREAM),
		Entry(nil, "tcp6", syscall.AF_INET6, syscall.SOCK_STREAM),
		Entry(nil, "udp4", syscall.AF_INET, syscall.SOCK_DGRAM),
		Entry(nil, "udp6", syscall.AF_INET6, syscall.SOCK_DGRAM),
	)

	It("refuses a network that names no family", func() {
		_, err := platform.CreateSocket("tcp")
		Expect(err).To(Equal(net.UnknownNetworkError("tcp")))
	})
})

var _ = Describe("a socket of the program's own", func() {
	It("is bound and listens", func() {
		s := created("tcp4")
		Expect(s.Bind(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})).To(Succeed())
		Expect(s.Listen(1)).To(Succeed())
		c, err := net.Dial("tcp", s.LocalAddr().String())
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Close()).To(Succeed())
	})

	It("says what can not be bound", func() {
		s := created("tcp4")
		refused := &net.OpError{}
		Expect(s.Bind(nil)).To(BeAssignableToTypeOf(refused))
	})

	It("gives net.ErrClosed once closed", func() {
		s := created("tcp4")
		Expect(s.Close()).To(Succeed())
		Expect(s.Close()).To(MatchError(net.ErrClosed))
		Expect(s.Bind(&net.TCPAddr{})).To(MatchError(net.ErrClosed))
		Expect(s.LocalAddr() == nil).To(BeTrue())
		_, _, err := s.Use(func() {})
		Expect(err).To(MatchError(net.ErrClosed))
	})

	It("stays open until whoever uses it has let go", func() {
		s, told := created("tcp4"), 0
		fd, release, err := s.Use(func() { told++ })
		Expect(err).NotTo(HaveOccurred())
		_, other, err := s.Use(func() { told++ })
		Expect(err).NotTo(HaveOccurred())
		Expect(s.Close()).To(Succeed())
		Expect(told).To(Equal(2))
		other()
		other()
		Expect(platform.FileKind(fd)).To(Equal(platform.KindSocket))
		release()
		_, err = platform.FileKind(fd)
		Expect(err).To(MatchError(errBadDescriptor))
	})

	It("tells nobody who has let go before", func() {
		s := created("tcp4")
		told := false
		_, release, err := s.Use(func() { told = true })
		Expect(err).NotTo(HaveOccurred())
		release()
		Expect(s.Close()).To(Succeed())
		Expect(told).To(BeFalse())
	})
})

var _ = Describe("a view of somebody's socket", func() {
	It("is refused what its owner does", func() {
		s := platform.NewSocket(openSocket(syscall.AF_INET, syscall.SOCK_STREAM))
		Expect(s.Network()).To(BeEmpty())
		Expect(s.Close()).To(MatchError(platform.ErrNotOwner))
		Expect(s.Bind(&net.TCPAddr{})).To(MatchError(platform.ErrNotOwner))
		Expect(s.Listen(1)).To(MatchError(platform.ErrNotOwner))
		_, _, err := s.Use(func() {})
		Expect(err).To(MatchError(platform.ErrNotOwner))
		Expect(s.Type()).To(Equal(syscall.SOCK_STREAM))
	})
})

var _ = Describe("AdoptSocket", func() {
	It("takes a connection over and closes the original", func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(l.Close)
		c, err := net.Dial("tcp", l.Addr().String())
		Expect(err).NotTo(HaveOccurred())
		s, err := platform.AdoptSocket(c.(*net.TCPConn))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(s.Close)
		Expect(c.Close()).To(MatchError(net.ErrClosed))
		Expect(s.Network()).To(Equal("tcp"))
		Expect(s.RemoteAddr()).To(Equal(l.Addr()))
		expectOurs(int(s.FD()))
		peer, err := l.Accept()
		Expect(err).NotTo(HaveOccurred())
		Expect(peer.Close()).To(Succeed())
	})

	It("leaves what is no socket with its owner", func() {
		f, err := os.CreateTemp(GinkgoT().TempDir(), "")
		Expect(err).NotTo(HaveOccurred())
		_, err = platform.AdoptSocket(f)
		Expect(err).To(MatchError(errNotSocket))
		Expect(f.Close()).To(Succeed())
		_, err = platform.AdoptSocket(f)
		Expect(err).To(MatchError(os.ErrClosed))
	})
})
