package platform_test

import (
	"bytes"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// boundTo returns a datagram socket with an address.
func boundTo(a platform.Sockaddr) (fd int, name platform.Name) {
	GinkgoHelper()
	fd = openSocket(a.Family(), syscall.SOCK_DGRAM)
	Expect(platform.Bind(fd, a)).To(Succeed())
	return fd, nameOf(localName(fd))
}

func nameOf(a platform.Sockaddr) platform.Name {
	GinkgoHelper()
	name, err := platform.NameOf(a)
	Expect(err).NotTo(HaveOccurred())
	return name
}

// outgoing is one datagram for each payload.
func outgoing(to platform.Name, payloads ...string) (all []platform.Outgoing) {
	for _, p := range payloads {
		all = append(all, platform.Outgoing{Data: []byte(p), To: to})
	}
	return all
}

// receive waits for datagrams and takes one batch.
func receive(b *platform.Inbox, fd int) []platform.Datagram {
	GinkgoHelper()
	await(fd, readable)
	batch, err := b.Receive(fd, false)
	Expect(err).NotTo(HaveOccurred())
	return batch
}

func payloads(batch []platform.Datagram) (all []string) {
	for _, d := range batch {
		all = append(all, string(d.Data))
	}
	return all
}

var _ = Describe("Name", func() {
	DescribeTable("gives back the address that it was made of",
		func(a platform.Sockaddr) {
			name := nameOf(a)
			Expect(name.IsZero()).To(BeFalse())
			Expect(name.Sockaddr()).To(Equal(a))
		},
		Entry("IPv4", inet("192.0.2.1:53")),
		Entry("IPv6", inet("[2001:db8::1]:5353")),
		Entry("IPv4 mapped into IPv6", inet("[::ffff:192.0.2.1]:53")),
	)

	It("tells addresses apart by its bytes", func() {
		one, same, other := nameOf(inet("192.0.2.1:53")), nameOf(inet("192.0.2.1:53")), nameOf(inet("192.0.2.1:54"))
		Expect(one.Bytes()).To(Equal(same.Bytes()))
		Expect(one.Bytes()).NotTo(Equal(other.Bytes()))
	})

	It("is no address as a zero value, and of none", func() {
		var zero platform.Name
		Expect(zero.IsZero()).To(BeTrue())
		_, err := platform.NameOf(platform.Sockaddr{})
		Expect(err).To(MatchError(errInvalid))
	})
})

var _ = Describe("Inbox", func() {
	var (
		out  platform.Outbox
		fd   int
		name platform.Name
	)
	BeforeEach(func() { fd, name = boundTo(loopback) })

	It("receives many datagrams at once, with boundaries, empty ones and senders", func() {
		one, oneName := boundTo(loopback)
		two, twoName := boundTo(loopback)
		Expect(out.Send(one, outgoing(name, "a", "", "ccc"))).To(Equal(3))
		Expect(out.Send(two, outgoing(name, "d"))).To(Equal(1))
		batch := receive(platform.NewInbox(8, 2048), fd)
		Expect(payloads(batch)).To(Equal([]string{"a", "", "ccc", "d"}))
		Expect(batch[0].From.Sockaddr()).To(Equal(oneName.Sockaddr()))
		Expect(batch[3].From.Sockaddr()).To(Equal(twoName.Sockaddr()))
	})

	It("leaves what it has no slot for to the next call", func() {
		Expect(out.Send(fd, outgoing(name, "a", "b", "c"))).To(Equal(3))
		inbox := platform.NewInbox(2, 100)
		Expect(inbox.Len()).To(Equal(2))
		Expect(payloads(receive(inbox, fd))).To(Equal([]string{"a", "b"}))
		Expect(payloads(receive(inbox, fd))).To(Equal([]string{"c"}))
		_, err := inbox.Receive(fd, false)
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	})

	It("cuts what is longer than a slot, says so, and writes nowhere else", func() { // field.md 42
		Expect(out.Send(fd, outgoing(name, strings.Repeat("x", 50), "y", strings.Repeat("z", 16)))).To(Equal(3))
		batch := receive(platform.NewInbox(4, 16), fd)
		Expect(payloads(batch)).To(Equal([]string{strings.Repeat("x", 16), "y", strings.Repeat("z", 16)}))
		Expect([]bool{batch[0].Truncated, batch[1].Truncated, batch[2].Truncated}).To(Equal([]bool{true, false, false}))
		Expect(cap(batch[1].Data)).To(Equal(16))
	})

	It("tells nothing of the last batch in the next one", func() {
		inbox := platform.NewInbox(4, 16)
		Expect(out.Send(fd, outgoing(name, strings.Repeat("x", 50), "b"))).To(Equal(2))
		receive(inbox, fd)
		other, otherName := boundTo(loopback)
		Expect(out.Send(other, outgoing(name, "c"))).To(Equal(1))
		batch := receive(inbox, fd)
		Expect(payloads(batch)).To(Equal([]string{"c"}))
		Expect(batch[0].Truncated).To(BeFalse())
		Expect(batch[0].From.Sockaddr()).To(Equal(otherName.Sockaddr()))
	})

})

var _ = Describe("Outbox", func() {
	var out platform.Outbox

	It("sends to several addresses, more than one system call takes", func() {
		one, oneName := boundTo(loopback)
		two, twoName := boundTo(loopback)
		sender, _ := boundTo(loopback)
		var all []platform.Outgoing
		for range 75 {
			all = append(all, outgoing(oneName, "to one")...)
			all = append(all, outgoing(twoName, "to two")...)
		}
		Expect(out.Send(sender, all)).To(Equal(150))
		inbox := platform.NewInbox(100, 100)
		Expect(payloads(receive(inbox, one))).To(And(HaveLen(75), HaveEach("to one")))
		Expect(payloads(receive(inbox, two))).To(And(HaveLen(75), HaveEach("to two")))
	})

	It("stops at the first that fails, and names its error", func() {
		fd, name := boundTo(loopback)
		long := string(bytes.Repeat([]byte("x"), 70000))
		n, err := out.Send(fd, outgoing(name, "a", "b", long, "c"))
		Expect(n).To(Equal(2))
		Expect(err).To(MatchError(errTooLong))
		Expect(payloads(receive(platform.NewInbox(8, 100), fd))).To(Equal([]string{"a", "b"}))
	})

	It("needs SetBroadcast for a broadcast address", func() {
		fd, _ := boundTo(loopback)
		everybody := nameOf(inet("127.255.255.255:9"))
		_, err := out.Send(fd, outgoing(everybody, "x"))
		Expect(err).To(MatchError(errNoPermission))
		Expect(platform.SetBroadcast(fd, true)).To(Succeed())
		Expect(out.Send(fd, outgoing(everybody, "x"))).To(Equal(1))
	})
})

var _ = Describe("the batch calls", func() {
	It("allocate nothing", func() {
		if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
			Skip("the wrappers of these systems allocate addresses")
		}
		fd, name := boundTo(loopback)
		inbox, out := platform.NewInbox(16, 100), platform.Outbox{}
		all := outgoing(name, "a", "b", "c", "d")
		one := outgoing(name, "e")
		Expect(testing.AllocsPerRun(100, func() {
			if _, err := out.Send(fd, all); err != nil {
				panic(err)
			}
			if _, err := out.Send(fd, one); err != nil {
				panic(err)
			}
			if batch, err := inbox.Receive(fd, false); len(batch) != 5 {
				panic(err)
			}
		})).To(BeZero())
	})

	It("tell destination and interface, in IPv6 too, where there is such a thing", func() {
		fd := openSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
		if err := platform.For(platform.Target{}).Check(platform.PacketInfo); err != nil {
			Expect(platform.SetPacketInfo(fd, true)).To(BeAssignableToTypeOf(&platform.UnsupportedError{}))
			return
		}
		Expect(platform.SetPacketInfo(openSocket(syscall.AF_UNIX, syscall.SOCK_DGRAM), true)).To(MatchError(syscall.EOPNOTSUPP))
		inbox := platform.NewInbox(2, 100)
		for _, here := range []string{"127.0.0.9:0", "[::1]:0"} {
			a := inet(here)
			any := inet("0.0.0.0:0")
			if a.Family() == syscall.AF_INET6 {
				any = inet("[::]:0")
			}
			fd, err := platform.OpenSocket(a.Family(), syscall.SOCK_DGRAM)
			if err != nil {
				continue // no IPv6 here
			}
			closing(fd)
			Expect(platform.Bind(fd, any)).To(Succeed())
			Expect(platform.SetPacketInfo(fd, true)).To(Succeed())
			port := localName(fd).AddrPort().Port()
			sender := openSocket(a.Family(), syscall.SOCK_DGRAM)
			var out platform.Outbox
			to := nameOf(platform.InetSockaddr(netip.AddrPortFrom(a.AddrPort().Addr(), port)))
			if _, err := out.Send(sender, outgoing(to, "x")); err != nil {
				continue // no address on the loopback
			}
			await(fd, readable)
			batch, err := inbox.Receive(fd, true)
			Expect(err).NotTo(HaveOccurred())
			Expect(batch[0].To).To(Equal(a.AddrPort().Addr()))
			Expect(batch[0].Interface).To(BeNumerically(">", 0))
		}
		other, name := boundTo(loopback)
		var out platform.Outbox
		Expect(out.Send(other, outgoing(name, "x"))).To(Equal(1))
		batch := receive(inbox, other)
		Expect(batch[0].To.IsValid()).To(BeFalse())
		Expect(batch[0].Interface).To(BeZero())
	})
})
