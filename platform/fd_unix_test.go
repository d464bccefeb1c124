//go:build unix

package platform_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("OpenSocket", func() {
	DescribeTable("makes a Unix socket as any other",
		func(sotype int) {
			fd := openSocket(unix.AF_UNIX, sotype)
			expectOurs(fd)
			Expect(platform.SocketType(fd)).To(Equal(sotype))
			Expect(platform.SocketFamily(fd)).To(Equal(unix.AF_UNIX))
		},
		Entry("stream", unix.SOCK_STREAM),
		Entry("datagram", unix.SOCK_DGRAM),
	)

	It("is out of resources when there are no descriptors left", Serial, func() {
		err := withoutDescriptors(func() error {
			_, err := platform.OpenSocket(unix.AF_INET, unix.SOCK_STREAM)
			return err
		})
		Expect(platform.IsOutOfResources(err)).To(BeTrue(), "%v", err)
	})
})

var _ = Describe("Bind", func() {
	It("fails with EINVAL for a path that does not fit", func() {
		fd := openSocket(unix.AF_UNIX, unix.SOCK_STREAM)
		Expect(platform.Bind(fd, platform.UnixSockaddr("/"+strings.Repeat("x", 200)))).To(Equal(unix.EINVAL))
	})
})

var _ = Describe("SetReusePort", func() {
	It("lets two sockets have one port", func() {
		first, second := openSocket(unix.AF_INET, unix.SOCK_STREAM), openSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(platform.SetReusePort(first, true)).To(Succeed())
		Expect(platform.SetReusePort(second, true)).To(Succeed())
		Expect(platform.Bind(first, loopback)).To(Succeed())
		Expect(platform.Bind(second, localName(first))).To(Succeed())
	})
})

var _ = Describe("SocketError", func() {
	It("is told once", func() {
		deaf, client := openSocket(unix.AF_INET, unix.SOCK_STREAM), openSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(platform.Bind(deaf, loopback)).To(Succeed())
		if err := platform.Connect(client, localName(deaf)); platform.IsInProgress(err) {
			await(client, unix.POLLOUT)
			Expect(platform.SocketError(client)).To(Equal(unix.ECONNREFUSED))
		}
		Expect(platform.SocketError(client)).To(Succeed())
	})
})
