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

var _ = Describe("Socket", func() {
	DescribeTable("names the network of a Unix socket after its type",
		func(sotype int, network string) {
			fd := openSocket(unix.AF_UNIX, sotype)
			Expect(platform.Bind(fd, platform.UnixSockaddr(filepath.Join(GinkgoT().TempDir(), "s")))).To(Succeed())
			Expect(platform.NewSocket(fd).LocalAddr().Network()).To(Equal(network))
		},
		Entry("stream", unix.SOCK_STREAM, "unix"),
		Entry("datagram", unix.SOCK_DGRAM, "unixgram"),
	)

	It("never reaches the next descriptor of the same number", func() {
		fd, err := platform.OpenSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		s := platform.NewSocket(fd)
		s.Release()
		next := openSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(unix.FcntlInt(uintptr(next), unix.F_DUPFD_CLOEXEC, fd)).To(Equal(fd))
		closing(fd)
		Expect(s.SetsockoptInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)).To(MatchError(net.ErrClosed))
		Expect(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)).To(BeZero())
	})
})
