//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

var _ = Describe("the sets of select", Serial, func() {
	BeforeEach(func() { Expect(has("select")).To(BeTrue()) })

	openSelect := func() *world {
		w := &world{}
		w.open(selector.Mechanism{Name: "select", New: func() (selector.Selector, error) { return selector.New("select") }})
		return w
	}

	// occupy takes all numbers below the size of the sets.
	occupy := func() (beyond *end) {
		r, _ := newPipe()
		for {
			fd, err := unix.FcntlInt(uintptr(r.fd), unix.F_DUPFD_CLOEXEC, 0)
			Expect(err).NotTo(HaveOccurred(), "these specs need more than FD_SETSIZE descriptors")
			if e := newEnd(fd); fd >= selector.SetSize {
				return e
			}
		}
	}

	It("have no room for a large descriptor, and Add says so", bounded, func(SpecContext) {
		w := openSelect()
		e := occupy()
		err := w.Add(e.fd, 1, selector.Read)
		Expect(err).To(MatchError(selector.ErrDescriptorTooLarge))
		Expect(err).To(MatchError(ContainSubstring("is not below")))
		Expect(w.Modify(e.fd, 1, selector.Read)).To(MatchError(unix.ENOENT))
		Expect(w.Remove(e.fd)).To(MatchError(unix.ENOENT))
		Expect(w.now()).To(BeEmpty())
	})

	It("take the last number that fits", bounded, func(SpecContext) {
		w := openSelect()
		r, e := newPipe()
		fd, err := unix.FcntlInt(uintptr(r.fd), unix.F_DUPFD_CLOEXEC, selector.SetSize-1)
		Expect(err).NotTo(HaveOccurred())
		last := newEnd(fd)
		Expect(last.fd).To(Equal(selector.SetSize - 1))
		Expect(w.Add(last.fd, 1, selector.Read)).To(Succeed())
		e.write("x")
		Expect(w.next()).To(only(1, selector.Readable))
		Expect(w.Add(e.fd, 2, selector.Write)).To(Succeed())
		Expect(w.next()).To(HaveLen(2))
		Expect(w.Remove(e.fd)).To(Succeed())
		Expect(w.Remove(last.fd)).To(Succeed())
		w.expectQuiet()
	})

	It("need a place for the selector's own descriptors, or New fails and keeps none", bounded, func(SpecContext) {
		occupy()
		before := descriptors()
		s, err := selector.New("select")
		Expect(s).To(BeNil())
		Expect(err).To(MatchError(selector.ErrDescriptorTooLarge))
		Expect(descriptors()).To(Equal(before))
	})
})
