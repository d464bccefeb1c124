package platform_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// sized are payloads of these lengths, each of a letter of its own.
func sized(lengths ...int) (all []string) {
	for i, n := range lengths {
		all = append(all, strings.Repeat(string(rune('a'+i%26)), n))
	}
	return all
}

var _ = Describe("a run of datagrams of one size", func() {
	same := func(n, length int) (lengths []int) {
		for range n {
			lengths = append(lengths, length)
		}
		return lengths
	}

	DescribeTable("arrives as the datagrams that were sent",
		func(lengths []int) {
			fd, name := boundTo(loopback)
			Expect(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)).To(Succeed())
			sender, senderName := boundTo(loopback)
			var out platform.Outbox
			want := sized(lengths...)
			Expect(out.Send(sender, outgoing(name, want...))).To(Equal(len(want)))
			inbox := platform.NewInbox(128, platform.MaxDatagram)
			batch := receive(inbox, fd)
			Expect(payloads(batch)).To(Equal(want))
			for _, d := range batch {
				Expect(d.From.Sockaddr()).To(Equal(senderName.Sockaddr()))
			}
		},
		func(lengths []int) string { return fmt.Sprintf("%d of them, %d at first", len(lengths), lengths[0]) },
		Entry(nil, same(2, 64)),
		Entry(nil, same(64, 64)),
		Entry(nil, same(100, 1)),
		Entry(nil, []int{64, 64, 10, 64, 64}),
		Entry(nil, []int{10, 64, 64, 0, 64}),
		Entry(nil, []int{0, 0, 5, 5, 0}),
		Entry(nil, same(64, 1400)),
		Entry(nil, same(20, 1401)),
		Entry(nil, append(same(3, 1400), 20000, 20000, 7)),
	)

	It("arrives where each was sent", func() {
		one, oneName := boundTo(loopback)
		two, twoName := boundTo(loopback)
		sender, _ := boundTo(loopback)
		var out platform.Outbox
		all := append(outgoing(oneName, "a", "b"), append(outgoing(twoName, "c", "d"), outgoing(oneName, "e", "f")...)...)
		Expect(out.Send(sender, all)).To(Equal(6))
		inbox := platform.NewInbox(8, 100)
		Expect(payloads(receive(inbox, one))).To(Equal([]string{"a", "b", "e", "f"}))
		Expect(payloads(receive(inbox, two))).To(Equal([]string{"c", "d"}))
	})

	It("is sent one by one where the kernel refuses segments", func() {
		fd, name := boundTo(loopback)
		sender, _ := boundTo(loopback)
		// Without checksums the kernel makes no segments: EINVAL.
		Expect(unix.SetsockoptInt(sender, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1)).To(Succeed())
		var out platform.Outbox
		for range 2 {
			Expect(out.Send(sender, outgoing(name, "a", "b", "c"))).To(Equal(3))
			Expect(payloads(receive(platform.NewInbox(8, 100), fd))).To(Equal([]string{"a", "b", "c"}))
		}
	})

	It("has the error of its first datagram, and the others are not sent", func() {
		sender, _ := boundTo(loopback)
		var out platform.Outbox
		n, err := out.Send(sender, outgoing(nameOf(inet("127.255.255.255:9")), "a", "b"))
		Expect(n).To(BeZero())
		Expect(err).To(MatchError(unix.EACCES))
	})

	It("is not made of what goes to a Unix socket", func() {
		path := GinkgoT().TempDir() + "/s"
		fd, name := boundTo(platform.UnixSockaddr(path))
		sender := openSocket(unix.AF_UNIX, unix.SOCK_DGRAM)
		inet, _ := boundTo(loopback)
		_, inetName := boundTo(loopback)
		var out platform.Outbox
		Expect(out.Send(inet, outgoing(inetName, "x", "y"))).To(Equal(2), "now it is known that the kernel has segments")
		Expect(out.Send(sender, outgoing(name, "a", "b", "c"))).To(Equal(3))
		Expect(payloads(receive(platform.NewInbox(8, 100), fd))).To(Equal([]string{"a", "b", "c"}))
	})
})
