//go:build unix

package platform_test

import (
	"path/filepath"
	"runtime"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Name", func() {
	DescribeTable("gives back the path that it was made of",
		func(a platform.Sockaddr) {
			name := nameOf(a)
			Expect(name.IsZero()).To(BeFalse())
			Expect(name.Sockaddr()).To(Equal(a))
		},
		Entry("a short one", platform.UnixSockaddr("/run/s")),
		Entry("as long as there is room for", platform.UnixSockaddr("/"+strings.Repeat("x", platform.UnixPathLimit(false)-1))),
	)

	It("gives back an abstract name, NULs in it included", func() {
		if runtime.GOOS != "linux" {
			Skip("abstract names are Linux's")
		}
		a := platform.UnixSockaddr("@a\x00b")
		name := nameOf(a)
		Expect(name.Sockaddr()).To(Equal(a))
	})
})

var _ = Describe("Inbox", func() {
	var out platform.Outbox

	It("returns the error that waits", func() {
		other := openSocket(unix.AF_INET, unix.SOCK_DGRAM)
		Expect(platform.Connect(other, deadPort())).To(Succeed())
		Expect(out.Send(other, outgoing(platform.Name{}, "x"))).To(Equal(1))
		await(other, unix.POLLIN)
		_, err := platform.NewInbox(4, 16).Receive(other, false)
		Expect(err).To(MatchError(unix.ECONNREFUSED))
		Expect(platform.IsRefused(err)).To(BeTrue())
	})

	It("hears a Unix sender without a name, whose name is none", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		at, _ := boundTo(platform.UnixSockaddr(path))
		sender := openSocket(unix.AF_UNIX, unix.SOCK_DGRAM)
		inbox := platform.NewInbox(2, 100)
		named, _ := boundTo(platform.UnixSockaddr(path + "2"))
		for _, from := range []int{named, sender} {
			Expect(out.Send(from, outgoing(nameOf(platform.UnixSockaddr(path)), "x"))).To(Equal(1))
		}
		batch := receive(inbox, at)
		Expect(batch[0].From.Sockaddr().Path()).To(Equal(path + "2"))
		Expect(batch[1].From.Sockaddr().Path()).To(BeEmpty())
	})
})

var _ = Describe("Outbox", func() {
	var out platform.Outbox

	It("loses no error of a connected socket: the next datagram gets it, and is not sent", func() {
		fd := openSocket(unix.AF_INET, unix.SOCK_DGRAM)
		Expect(platform.Connect(fd, deadPort())).To(Succeed())
		Expect(out.Send(fd, outgoing(platform.Name{}, "a"))).To(Equal(1))
		await(fd, unix.POLLERR)
		n, err := out.Send(fd, outgoing(platform.Name{}, "b", "c"))
		Expect(n).To(BeZero())
		Expect(err).To(MatchError(unix.ECONNREFUSED))
	})

	It("reports a full receiver as would-block", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		_, name := boundTo(platform.UnixSockaddr(path))
		sender := openSocket(unix.AF_UNIX, unix.SOCK_DGRAM)
		n, err := out.Send(sender, outgoing(name, strings.Split(strings.Repeat("x ", 4999)+"x", " ")...))
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
		Expect(n).To(BeNumerically(">", 0))
	})
})
