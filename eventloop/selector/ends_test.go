package selector_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

func describeEnds(w *world) {
	Describe("the end of a connection", func() {
		DescribeTable("is reported when the peer shuts its sending half down",
			func(_ SpecContext, ends func() (*end, *end)) {
				a, b := ends()
				Expect(w.Add(a.fd, 7, Read)).To(Succeed())
				b.write("last words")
				Expect(shutdownWrite(b.fd)).To(Succeed())
				Eventually(w.now).WithTimeout(patient).Should(only(7, w.told(Readable|Ended)))
				a.drainToEnd()
				Expect(w.now()).To(only(7, w.told(Readable|Ended)))
			},
			connections,
		)

		It("is not reported for writing when only reading has ended", bounded, func(SpecContext) {
			a, b := newTCPPair()
			Expect(shutdownWrite(b.fd)).To(Succeed())
			Expect(w.Add(a.fd, 7, Write)).To(Succeed())
			Expect(w.next()).To(only(7, Writable))
		})

		DescribeTable("is reported whatever the interest when a TCP peer resets",
			func(_ SpecContext, in Interest, bits Ready) {
				a, b := newTCPPair()
				Expect(w.Add(a.fd, 7, in)).To(Succeed())
				Expect(resetOnClose(b.fd)).To(Succeed())
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
			Eventually(w.next).WithTimeout(connecting).Should(says(7, w.told(Writable|Failed)))
			Expect(platform.SocketError(e.fd)).To(Satisfy(platform.IsRefused))
		})
	})

	Context("when a descriptor is closed while it is registered", func() {
		var a, other, peer *end
		var fd int
		BeforeEach(func() {
			a, _ = newPair()
			other, peer = newPair()
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
			var again *end
			for range 10 {
				_ = w.now()
				Expect(w.Remove(fd)).To(Or(Succeed(), MatchError(syscall.ENOENT)))
				if again = reopen(fd); again != nil {
					break
				}
				a, _ = newPair()
				fd = a.fd
				Expect(w.Add(fd, 1, Read)).To(Succeed())
				a.close()
			}
			Expect(again).NotTo(BeNil(), "no number comes again")
			Expect(w.Add(again.fd, 3, Write)).To(Succeed())
			Expect(w.next()).To(says(3, Writable))
		})

		It("does not confuse the others when it goes", bounded, func(SpecContext) {
			_ = w.now()
			Expect(w.Remove(other.fd)).To(Succeed())
			Expect(w.Remove(fd)).To(Or(Succeed(), MatchError(syscall.ENOENT)))
			Expect(w.Remove(fd)).To(MatchError(syscall.ENOENT))
			Expect(w.Add(other.fd, 4, Read)).To(Succeed())
			peer.write("x")
			Expect(w.next()).To(only(4, Readable))
		})
	})
}
