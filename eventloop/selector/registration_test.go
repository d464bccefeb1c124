//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

func describeRegistration(w *world) {
	Describe("Add", func() {
		It("refuses a second registration with EEXIST and keeps the first", bounded, func(SpecContext) {
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Add(a.fd, 2, Write)).To(MatchError(unix.EEXIST))
			b.write("x")
			Expect(w.next()).To(only(1, Readable))
		})

		It("refuses a closed descriptor with EBADF", bounded, func(SpecContext) {
			a, _ := newUnixPair()
			fd := a.fd
			a.close()
			Expect(w.Add(fd, 1, Read)).To(MatchError(unix.EBADF))
			Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
		})

		DescribeTable("refuses what is no descriptor with EBADF",
			func(fd int) { Expect(w.Add(fd, 1, Read)).To(MatchError(unix.EBADF)) },
			Entry("a negative number", -1),
			Entry("a very negative number", -1<<31),
		)

		if strconv.IntSize > 32 {
			It("does not take a number beyond 32 bits for a descriptor", bounded, func(SpecContext) {
				a, _ := newUnixPair()
				huge := int(uint64(a.fd) | uint64(math.MaxUint32) + 1)
				Expect(w.Add(huge, 1, Read)).To(Or(MatchError(unix.EBADF), MatchError(ErrDescriptorTooLarge)))
				Expect(w.Modify(huge, 1, Read)).To(MatchError(unix.ENOENT))
				Expect(w.Remove(huge)).To(MatchError(unix.ENOENT))
			})
		}

		It("refuses an interest in nothing with EINVAL", bounded, func(SpecContext) {
			a, _ := newUnixPair()
			Expect(w.Add(a.fd, 1, 0)).To(MatchError(unix.EINVAL))
			Expect(w.Add(a.fd, 1, Edge)).To(MatchError(unix.EINVAL))
			Expect(w.Remove(a.fd)).To(MatchError(unix.ENOENT))
		})

		It("refuses the selector's own descriptors with EINVAL", bounded, func(SpecContext) {
			Expect(w.own).NotTo(BeEmpty())
			for _, fd := range w.own {
				Expect(w.Add(fd, 1, Read)).To(MatchError(unix.EINVAL))
				Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
			}
		})

		It("refuses a regular file with EPERM or reports it always ready", bounded, func(SpecContext) {
			f, err := os.Create(filepath.Join(GinkgoT().TempDir(), "file"))
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(f.Close)
			fd := int(f.Fd())
			if err := w.Add(fd, 1, Read|Write); err != nil {
				Expect(err).To(MatchError(unix.EPERM))
				Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
				return
			}
			Expect(w.now()).To(only(1, Readable|Writable))
			Expect(w.now()).To(only(1, Readable|Writable))
		})
	})

	Describe("Modify", func() {
		It("replaces tag and interest", bounded, func(SpecContext) {
			a, b := newUnixPair()
			b.write("x")
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Modify(a.fd, 2, Write)).To(Succeed())
			Expect(w.next()).To(only(2, Writable))
			Expect(w.Modify(a.fd, 3, Read|Write)).To(Succeed())
			Expect(w.next()).To(only(3, Readable|Writable))
		})

		It("refuses a descriptor that is not registered with ENOENT", bounded, func(SpecContext) {
			a, _ := newUnixPair()
			for _, fd := range []int{a.fd, 1 << 20, -1} {
				Expect(w.Modify(fd, 1, Read)).To(MatchError(unix.ENOENT))
			}
		})

		It("refuses an interest in nothing with EINVAL and changes nothing", bounded, func(SpecContext) {
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Modify(a.fd, 2, 0)).To(MatchError(unix.EINVAL))
			b.write("x")
			Expect(w.next()).To(only(1, Readable))
		})
	})

	Describe("Remove", func() {
		It("silences a descriptor that is ready", bounded, func(SpecContext) {
			a, b := newUnixPair()
			c, d := newUnixPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Add(c.fd, 2, Read)).To(Succeed())
			b.write("x")
			d.write("x")
			Expect(w.next()).To(HaveLen(2))
			Expect(w.Remove(a.fd)).To(Succeed())
			Expect(w.now()).To(only(2, Readable))
		})

		It("forgets, so that the number can be registered again", bounded, func(SpecContext) {
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
			Expect(w.Add(a.fd, 2, Read)).To(Succeed())
			b.write("x")
			Expect(w.next()).To(only(2, Readable))
		})

		It("refuses a descriptor that is not registered with ENOENT", bounded, func(SpecContext) {
			a, _ := newUnixPair()
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
			for _, fd := range []int{a.fd, 1 << 20, -1} {
				Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
			}
		})

		It("keeps the tags of the others, in whatever order they go", bounded, func(SpecContext) {
			var ends []*end
			for i := range 9 {
				a, b := newUnixPair()
				b.write("x")
				Expect(w.Add(a.fd, uint64(i), Read)).To(Succeed())
				ends = append(ends, a)
			}
			left := map[uint64]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true, 8: true}
			for _, i := range []int{8, 0, 4, 7, 1} {
				Expect(w.Remove(ends[i].fd)).To(Succeed())
				delete(left, uint64(i))
				events := w.now()
				Expect(events).To(HaveLen(len(left)))
				for _, ev := range events {
					Expect(left).To(HaveKey(ev.Tag))
				}
			}
		})
	})

	It("refuses everything with net.ErrClosed after Close", bounded, func(SpecContext) {
		a, _ := newUnixPair()
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
