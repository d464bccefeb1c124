//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

func describeEnds(w *world) {
	Describe("the end of a connection", func() {
		DescribeTable("is reported when the peer shuts its sending half down",
			func(_ SpecContext, ends func() (*end, *end)) {
				a, b := ends()
				Expect(w.Add(a.fd, 7, Read)).To(Succeed())
				b.write("last words")
				Expect(unix.Shutdown(b.fd, unix.SHUT_WR)).To(Succeed())
				Eventually(w.now).WithTimeout(patient).Should(only(7, w.told(Readable|Ended)))
				a.drainToEnd()
				Expect(w.now()).To(only(7, w.told(Readable|Ended)))
			},
			Entry("on TCP", bounded, newTCPPair),
			Entry("on a Unix socket", bounded, newUnixPair),
		)

		It("is not reported for writing when only reading has ended", bounded, func(SpecContext) {
			a, b := newTCPPair()
			Expect(unix.Shutdown(b.fd, unix.SHUT_WR)).To(Succeed())
			Expect(w.Add(a.fd, 7, Write)).To(Succeed())
			Expect(w.next()).To(only(7, Writable))
		})

		DescribeTable("is reported whatever the interest when a Unix peer closes",
			func(_ SpecContext, in Interest, bits Ready) {
				a, b := newUnixPair()
				b.close()
				Expect(w.Add(a.fd, 7, in)).To(Succeed())
				Expect(w.next()).To(says(7, w.told(bits|Ended|Failed)))
			},
			Entry("Read", bounded, Read, Readable),
			Entry("Write", bounded, Write, Writable),
		)

		DescribeTable("is reported whatever the interest when a TCP peer resets",
			func(_ SpecContext, in Interest, bits Ready) {
				a, b := newTCPPair()
				Expect(w.Add(a.fd, 7, in)).To(Succeed())
				Expect(unix.SetsockoptLinger(b.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})).To(Succeed())
				b.close()
				Eventually(w.now).WithTimeout(patient).Should(says(7, w.told(bits|Failed|Ended)))
			},
			Entry("Read", bounded, Read, Readable),
			Entry("Write", bounded, Write, Writable),
		)

		It("is reported for a connect that is refused", bounded, func(SpecContext) {
			l, address := newListener()
			l.close()
			e := dial(address)
			Expect(w.Add(e.fd, 7, Write)).To(Succeed())
			Expect(w.next()).To(says(7, w.told(Writable|Failed)))
			Expect(unix.GetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_ERROR)).To(Equal(int(unix.ECONNREFUSED)))
		})

		It("is reported for a pipe without writers", bounded, func(SpecContext) {
			r, e := newPipe()
			Expect(w.Add(r.fd, 7, Read)).To(Succeed())
			e.close()
			events := w.next()
			Expect(events).To(says(7, w.told(Ended|Failed)))
			Expect(events[0].Ready & (Readable | Ended)).NotTo(BeZero())
		})

		It("is reported for a pipe without readers", bounded, func(SpecContext) {
			r, e := newPipe()
			Expect(w.Add(e.fd, 7, Write)).To(Succeed())
			r.close()
			Expect(w.next()).To(says(7, w.told(Writable|Failed)))
		})
	})

	Context("when a descriptor is closed while it is registered", func() {
		var a, b, other, peer *end
		var fd int
		BeforeEach(func() {
			a, b = newUnixPair()
			other, peer = newUnixPair()
			fd = a.fd
			Expect(w.Add(other.fd, 2, Read)).To(Succeed())
			Expect(w.Add(fd, 1, Read)).To(Succeed())
			a.close()
		})

		It("reports it Failed at most once and goes on", bounded, func(SpecContext) {
			peer.write("x")
			failed := 0
			for range 4 {
				for _, ev := range w.now() {
					if ev.Tag == 1 {
						Expect(ev.Ready).To(Equal(Failed))
						failed++
					}
				}
			}
			Expect(failed).To(BeNumerically("<=", 1))
			Expect(w.now()).To(only(2, Readable))
			other.empty()
			w.expectQuiet()
		})

		It("forgets it with Remove, and its number serves another", bounded, func(SpecContext) {
			_ = w.now()
			Expect(w.Remove(fd)).To(Or(Succeed(), MatchError(unix.ENOENT)))
			Expect(unix.FcntlInt(uintptr(b.fd), unix.F_DUPFD_CLOEXEC, fd)).To(Equal(fd))
			Expect(w.Add(newEnd(fd).fd, 3, Write)).To(Succeed())
			Expect(w.next()).To(says(3, Writable))
		})

		It("does not confuse the others when it goes", bounded, func(SpecContext) {
			_ = w.now()
			Expect(w.Remove(other.fd)).To(Succeed())
			Expect(w.Remove(fd)).To(Or(Succeed(), MatchError(unix.ENOENT)))
			Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
			Expect(w.Add(other.fd, 4, Read)).To(Succeed())
			peer.write("x")
			Expect(w.next()).To(only(4, Readable))
		})
	})
}

// drainToEnd reads what is there, and the end behind it.
func (e *end) drainToEnd() {
	GinkgoHelper()
	block := make([]byte, 1024)
	for {
		n, err := unix.Read(e.fd, block)
		Expect(err).NotTo(HaveOccurred())
		if n == 0 {
			return
		}
	}
}
