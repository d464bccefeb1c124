package selector_test

import (
	"math"
	"net"
	"strconv"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

func describeRegistration(w *world) {
	Describe("Add", func() {
		It("refuses a second registration with EEXIST and keeps the first", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Add(a.fd, 2, Write)).To(MatchError(syscall.EEXIST))
			b.write("x")
			Expect(w.next()).To(only(1, Readable))
		})

		It("refuses a closed descriptor with EBADF", bounded, func(SpecContext) {
			a, _ := newPair()
			fd := a.fd
			a.close()
			Expect(w.Add(fd, 1, Read)).To(MatchError(syscall.EBADF))
			Expect(w.Remove(fd)).To(MatchError(syscall.ENOENT))
		})

		DescribeTable("refuses what is no descriptor with EBADF",
			func(fd int) { Expect(w.Add(fd, 1, Read)).To(MatchError(syscall.EBADF)) },
			Entry("a negative number", -1),
			Entry("a very negative number", -1<<31),
		)

		if strconv.IntSize > 32 {
			It("does not take a number beyond 32 bits for a descriptor", bounded, func(SpecContext) {
				a, _ := newPair()
				huge := int(uint64(a.fd) | uint64(math.MaxUint32) + 1)
				Expect(w.Add(huge, 1, Read)).To(Or(MatchError(syscall.EBADF), MatchError(ErrDescriptorTooLarge)))
				Expect(w.Modify(huge, 1, Read)).To(MatchError(syscall.ENOENT))
				Expect(w.Remove(huge)).To(MatchError(syscall.ENOENT))
			})
		}

		It("refuses an interest in nothing with EINVAL", bounded, func(SpecContext) {
			a, _ := newPair()
			Expect(w.Add(a.fd, 1, 0)).To(MatchError(syscall.EINVAL))
			Expect(w.Add(a.fd, 1, Edge)).To(MatchError(syscall.EINVAL))
			Expect(w.Remove(a.fd)).To(MatchError(syscall.ENOENT))
		})

		It("refuses the selector's own descriptors with EINVAL", bounded, func(SpecContext) {
			Expect(w.own).NotTo(BeEmpty())
			for _, fd := range w.own {
				Expect(w.Add(fd, 1, Read)).To(MatchError(syscall.EINVAL))
				Expect(w.Remove(fd)).To(MatchError(syscall.ENOENT))
			}
		})
	})

	Describe("Modify", func() {
		It("replaces tag and interest", bounded, func(SpecContext) {
			a, b := newPair()
			b.write("x")
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Modify(a.fd, 2, Write)).To(Succeed())
			Expect(w.next()).To(only(2, Writable))
			Expect(w.Modify(a.fd, 3, Read|Write)).To(Succeed())
			Eventually(w.now).WithTimeout(patient).Should(only(3, Readable|Writable))
		})

		It("refuses a descriptor that is not registered with ENOENT", bounded, func(SpecContext) {
			a, _ := newPair()
			for _, fd := range []int{a.fd, 1 << 20, -1} {
				Expect(w.Modify(fd, 1, Read)).To(MatchError(syscall.ENOENT))
			}
		})

		It("refuses an interest in nothing with EINVAL and changes nothing", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Modify(a.fd, 2, 0)).To(MatchError(syscall.EINVAL))
			b.write("x")
			Expect(w.next()).To(only(1, Readable))
		})
	})

	Describe("Remove", func() {
		It("silences a descriptor that is ready", bounded, func(SpecContext) {
			a, b := newPair()
			c, d := newPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Add(c.fd, 2, Read)).To(Succeed())
			b.write("x")
			d.write("x")
			Eventually(w.now).WithTimeout(patient).Should(HaveLen(2))
			Expect(w.Remove(a.fd)).To(Succeed())
			Expect(w.now()).To(only(2, Readable))
		})

		It("forgets, so that the number can be registered again", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
			Expect(w.Add(a.fd, 2, Read)).To(Succeed())
			b.write("x")
			Expect(w.next()).To(only(2, Readable))
		})

		It("refuses a descriptor that is not registered with ENOENT", bounded, func(SpecContext) {
			a, _ := newPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
			for _, fd := range []int{a.fd, 1 << 20, -1} {
				Expect(w.Remove(fd)).To(MatchError(syscall.ENOENT))
			}
		})

		It("keeps the tags of the others, in whatever order they go", bounded, func(SpecContext) {
			var ends []*end
			for i := range 9 {
				a, b := newPair()
				b.write("x")
				Expect(w.Add(a.fd, uint64(i), Read)).To(Succeed())
				ends = append(ends, a)
			}
			left := map[uint64]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true, 8: true}
			for _, i := range []int{8, 0, 4, 7, 1} {
				Expect(w.Remove(ends[i].fd)).To(Succeed())
				delete(left, uint64(i))
				Eventually(w.now).WithTimeout(patient).Should(HaveLen(len(left)))
				events := w.now()
				Expect(events).To(HaveLen(len(left)))
				for _, ev := range events {
					Expect(left).To(HaveKey(ev.Tag))
				}
			}
		})
	})

	It("refuses everything with net.ErrClosed after Close", bounded, func(SpecContext) {
		a, _ := newPair()
		Expect(w.Add(a.fd, 1, Read)).To(Succeed())
		Expect(w.Close()).To(Succeed())
		Expect(w.Add(a.fd, 1, Read)).To(MatchError(net.ErrClosed))
		Expect(w.Modify(a.fd, 1, Read)).To(MatchError(net.ErrClosed))
		Expect(w.Remove(a.fd)).To(MatchError(net.ErrClosed))
		events, err := w.Wait(never(), func() bool { Fail("parked"); return false })
		Expect(err).To(MatchError(net.ErrClosed))
		Expect(events).To(BeEmpty())
	})
}
