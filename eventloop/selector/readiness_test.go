package selector_test

import (
	"math"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

func describeReadiness(w *world) {
	Describe("readiness", func() {
		DescribeTable("is reported at each Wait while there is something to read",
			func(_ SpecContext, ends func() (*end, *end)) {
				a, b := ends()
				Expect(w.Add(a.fd, 7, Read)).To(Succeed())
				w.expectQuiet()
				b.write("x")
				Expect(w.next()).To(only(7, Readable))
				Expect(w.now()).To(only(7, Readable))
				a.empty()
				w.expectQuiet()
			},
			connections, pipes,
		)

		DescribeTable("is reported at each Wait while there is room to write",
			func(_ SpecContext, ends func() (r, w *end)) {
				r, e := ends()
				Expect(w.Add(e.fd, 7, Write)).To(Succeed())
				Expect(w.next()).To(only(7, Writable))
				Expect(w.now()).To(only(7, Writable))
				Eventually(func() []Event { e.fill(); return w.now() }).WithTimeout(patient).Should(BeEmpty())
				w.expectQuiet()
				Eventually(func() []Event { r.empty(); return w.now() }).WithTimeout(patient).Should(only(7, Writable))
			},
			connections, pipes,
		)

		It("of both directions is one event", bounded, func(SpecContext) {
			a, b := newTCPPair()
			Expect(w.Add(a.fd, 7, Read|Write)).To(Succeed())
			Expect(w.next()).To(only(7, Writable))
			b.write("x")
			Eventually(w.now).WithTimeout(patient).Should(only(7, Readable|Writable))
		})

		It("of a listener is a connection to accept", bounded, func(SpecContext) {
			l, address := newListener()
			Expect(w.Add(l.fd, 7, Read)).To(Succeed())
			w.expectQuiet()
			dial(address)
			Expect(w.next()).To(only(7, Readable))
		})

		It("for writing is the end of a connect", bounded, func(SpecContext) {
			_, address := newListener()
			e := dial(address)
			Expect(w.Add(e.fd, 7, Write)).To(Succeed())
			Expect(w.next()).To(only(7, Writable))
			Expect(platform.SocketError(e.fd)).To(Succeed())
		})

		It("carries all 64 bits of the tag", bounded, func(SpecContext) {
			for _, tag := range []uint64{0, 1 << 31, 1 << 63, 0x0123456789abcdef, math.MaxUint64} {
				a, b := newPair()
				b.write("x")
				Expect(w.Add(a.fd, tag, Read)).To(Succeed())
				Expect(w.next()).To(only(tag, Readable))
				Expect(w.Remove(a.fd)).To(Succeed())
			}
		})

		It("of several hundred descriptors comes whole in one Wait", bounded, func(SpecContext) {
			tags := map[uint64]bool{}
			for i := range 300 {
				a, b := newPair()
				b.write("x")
				Expect(w.Add(a.fd, uint64(i), Read)).To(Succeed())
			}
			Eventually(w.now).WithTimeout(patient).Should(HaveLen(300))
			for _, ev := range w.now() {
				Expect(ev.Ready).To(Equal(Readable))
				tags[ev.Tag] = true
			}
			Expect(tags).To(HaveLen(300))
		})
	})
}

func describeEdges(w *world) {
	Context("with Edge", func() {
		It("reports what is ready once, until more arrives", bounded, func(SpecContext) {
			a, b := newTCPPair()
			Expect(w.Add(a.fd, 7, Read|Edge)).To(Succeed())
			b.write("x")
			Expect(w.next()).To(only(7, Readable))
			w.expectQuiet()
			b.write("y")
			Expect(w.next()).To(only(7, Readable))
			w.expectQuiet()
		})

		It("reports what is ready at the time of Add", bounded, func(SpecContext) {
			a, b := newPair()
			b.write("x")
			Expect(w.Add(a.fd, 7, Read|Write|Edge)).To(Succeed())
			Expect(w.next()).To(only(7, Readable|Writable))
			w.expectQuiet()
		})

		It("reports once more after Modify", bounded, func(SpecContext) {
			a, b := newPair()
			b.write("x")
			Expect(w.Add(a.fd, 7, Read|Edge)).To(Succeed())
			Expect(w.next()).To(only(7, Readable))
			Expect(w.Modify(a.fd, 7, Read|Edge)).To(Succeed())
			Expect(w.next()).To(only(7, Readable))
			w.expectQuiet()
		})

		It("reports writability when room comes back", bounded, func(SpecContext) {
			a, b := newPair()
			a.fill()
			Expect(w.Add(a.fd, 7, Write|Edge)).To(Succeed())
			w.expectQuiet()
			b.empty()
			Expect(w.next()).To(only(7, Writable))
			w.expectQuiet()
		})

		It("reports urgent data", bounded, func(SpecContext) {
			a, b := newTCPPair()
			Expect(w.Add(a.fd, 7, Read|Edge)).To(Succeed())
			Expect(sendUrgent(b.fd)).To(Succeed())
			if w.Name() == "kqueue" { // has no word for it, and supposes it of every read
				w.expectQuiet()
				b.write("x")
				events, err := w.Wait(time.Now().Add(patient), stay)
				Expect(err).NotTo(HaveOccurred())
				Expect(events).To(only(7, Readable|Urgent))
				return
			}
			Expect(w.next()).To(says(7, Urgent))
		})
	})

	Context("without Edge", func() { describeUrgentSilence(w) })
}

func describeIgnoredEdges(w *world) {
	Context("with Edge", func() {
		It("reports what is ready at each Wait all the same", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read|Edge)).To(Succeed())
			b.write("x")
			Expect(w.next()).To(only(7, Readable))
			Expect(w.now()).To(only(7, Readable))
		})
		describeUrgentSilence(w)
	})
}

func describeUrgentSilence(w *world) {
	It("does not let an urgent byte that nobody reads keep the loop busy", bounded, func(SpecContext) {
		a, b := newTCPPair()
		Expect(w.Add(a.fd, 7, Read)).To(Succeed())
		Expect(sendUrgent(b.fd)).To(Succeed())
		w.expectQuiet()
		b.write("x")
		Expect(w.next()).To(only(7, Readable))
	})
}
