package selector_test

import (
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("On Windows", func() {
	It("has select and nothing else, without edges", func() {
		table := Mechanisms()
		Expect(table).To(HaveLen(1))
		Expect(table[0].Name).To(Equal("select"))
		Expect(isEdgeTriggered(table[0])).To(BeFalse())
	})

	DescribeTable("refuses what other systems have, and points to select",
		func(name, reason string) {
			_, err := New(name)
			Expect(err).To(MatchError(&platform.UnsupportedError{
				Op: "NewSelectorLoop", Loop: name, OS: "windows", Reason: reason, Alternative: "select",
			}))
		},
		Entry(nil, "epoll", "epoll is Linux's own"),
		Entry(nil, "poll", "poll is implemented for Unix systems only"),
	)
})

var _ = Describe("the sets of select", func() {
	var w *world
	BeforeEach(func() {
		w = &world{}
		w.open(Mechanisms()[0])
	})

	Context("when 512 sockets are registered", func() {
		var sockets []*end
		BeforeEach(func() {
			sockets = nil
			for i := range MaxSockets {
				e := newEnd(newSocket(syscall.SOCK_DGRAM))
				Expect(w.Add(e.fd, uint64(i), Read|Write)).To(Succeed())
				sockets = append(sockets, e)
			}
		})

		It("have no room for another, and Add says so and how many there are", bounded, func(SpecContext) {
			e := newEnd(newSocket(syscall.SOCK_DGRAM))
			err := w.Add(e.fd, 1, Read)
			Expect(err).To(MatchError(ErrTooManyDescriptors))
			Expect(err).To(MatchError(ContainSubstring("at most 512")))
			Expect(w.Modify(e.fd, 1, Read)).To(MatchError(syscall.ENOENT))
			Expect(w.Remove(e.fd)).To(MatchError(syscall.ENOENT))
		})

		It("still hold the wake socket, and report everybody in one Wait", bounded, func(SpecContext) {
			Expect(w.now()).To(HaveLen(MaxSockets))
			for i, e := range sockets {
				Expect(w.Modify(e.fd, uint64(i), Read)).To(Succeed())
			}
			_, err := w.Wait(never(), func() bool { w.Wake(); return true })
			Expect(err).NotTo(HaveOccurred())
		})

		It("have room again after Remove", bounded, func(SpecContext) {
			Expect(w.Remove(sockets[17].fd)).To(Succeed())
			e := newEnd(newSocket(syscall.SOCK_DGRAM))
			Expect(w.Add(e.fd, 1000, Write)).To(Succeed())
			Expect(w.now()).To(HaveLen(MaxSockets))
			Expect(w.now()).To(ContainElement(Event{Tag: 1000, Ready: Writable}))
			Expect(w.Add(sockets[17].fd, 17, Read)).To(MatchError(ErrTooManyDescriptors))
		})
	})

	DescribeTable("tell of a connect that was refused, whatever it is watched for, at each Wait",
		func(_ SpecContext, in Interest, bits Ready) {
			l, address := newListener()
			l.close()
			e := dial(address)
			Expect(w.Add(e.fd, 7, in)).To(Succeed())
			Eventually(w.now).WithTimeout(connecting).Should(only(7, bits|Failed))
			Expect(w.now()).To(only(7, bits|Failed))
			Expect(platform.SocketError(e.fd)).To(Satisfy(platform.IsRefused))
		},
		Entry("Read", bounded, Read, Readable),
		Entry("Write", bounded, Write, Writable),
		Entry("Read and Write", bounded, Read|Write, Writable),
	)

	DescribeTable("do not take urgent data for a failure",
		func(_ SpecContext, connected bool) {
			l, address := newListener()
			a := newEnd(newSocket(syscall.SOCK_STREAM))
			if !connected {
				Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			}
			Expect(platform.Connect(a.fd, address)).To(Or(Succeed(), Satisfy(platform.IsInProgress)))
			b := accept(l)
			Eventually(platform.PeerName).WithArguments(a.fd).WithTimeout(patient).Should(Equal(address))
			if connected {
				Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			}
			Expect(sendUrgent(b.fd)).To(Succeed())
			w.expectQuiet()
			Expect(w.Modify(a.fd, 7, Write)).To(Succeed())
			for range 10 {
				Expect(w.next()).To(only(7, Writable))
			}
		},
		Entry("of a socket that was connected when it was added", bounded, true),
		Entry("of a socket that was connected later", bounded, false),
	)

	It("watch datagram sockets", bounded, func(SpecContext) {
		a, b := newEnd(newSocket(syscall.SOCK_DGRAM)), newEnd(newSocket(syscall.SOCK_DGRAM))
		Expect(w.Add(a.fd, 7, Read)).To(Succeed())
		w.expectQuiet()
		name, err := platform.LocalName(a.fd)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.SendTo(b.fd, []byte("x"), name)).To(Succeed())
		Expect(w.next()).To(only(7, Readable))
	})

	It("report a closed socket Failed once, and again after Modify", bounded, func(SpecContext) {
		a, _ := newPair()
		fd := a.fd
		Expect(w.Add(fd, 7, Read)).To(Succeed())
		a.close()
		for range 2 {
			Expect(w.now()).To(only(7, Failed))
			Expect(w.now()).To(BeEmpty())
			Expect(w.Modify(fd, 7, Write)).To(Succeed())
		}
	})
})

var _ = Describe("the pair of sockets that wakes select", func() {
	It("is not made with a stranger who connects first", bounded, func(SpecContext) {
		l, address := newListener()
		stranger, ours := dial(address), dial(address)
		name, err := platform.LocalName(ours.fd)
		Expect(err).NotTo(HaveOccurred())
		fd, err := AcceptFrom(l.fd, name, time.Now().Add(patient))
		Expect(err).NotTo(HaveOccurred())
		other := newEnd(fd)
		Expect(platform.PeerName(other.fd)).To(Equal(name))
		Eventually(read).WithArguments(stranger.fd, make([]byte, 1)).WithTimeout(patient).Should(BeZero())
	})

	It("is given up when nobody comes in time", bounded, func(SpecContext) {
		l, address := newListener()
		_, err := AcceptFrom(l.fd, address, time.Now().Add(20*time.Millisecond))
		Expect(err).To(MatchError(syscall.Errno(10060)), "WSAETIMEDOUT")
	})
})
