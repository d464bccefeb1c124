//go:build unix

package platform_test

import (
	"net"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("CreateSocket", func() {
	DescribeTable("makes Unix sockets as any other",
		func(network string, sotype int) {
			s := created(network)
			Expect(s.Network()).To(Equal(network))
			Expect(s.Family()).To(Equal(unix.AF_UNIX))
			Expect(s.Type()).To(Equal(sotype))
			expectOurs(int(s.FD()))
		},
		Entry(nil, "unix", unix.SOCK_STREAM),
		Entry(nil, "unixgram", unix.SOCK_DGRAM),
	)
})

var _ = Describe("a socket of the program's own", func() {
	It("can not be bound to another family's address, nor listen without a path", func() {
		Expect(created("tcp4").Bind(&net.UnixAddr{Name: "/nowhere/at/all"})).To(MatchError(unix.EAFNOSUPPORT))
		Expect(created("unix").Listen(1)).To(MatchError(unix.EINVAL))
	})
})

var _ = Describe("AdoptSocket", func() {
	It("leaves a Unix listener's path in place", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		l, err := net.Listen("unix", path)
		Expect(err).NotTo(HaveOccurred())
		s, err := platform.AdoptSocket(l.(*net.UnixListener))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(s.Close)
		c, err := net.Dial("unix", path)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Close()).To(Succeed())
	})
})
