//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	"os"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

const (
	bounded = SpecTimeout(10 * time.Second)
	patient = 2 * time.Second
)

// The runtime's poller opens its own descriptors at first use and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
})

// A world is a selector under test and what its specs ask of it.
type world struct {
	selector.Selector
	own []int // the selector's own descriptors
}

// open makes the selector, for one spec; what is left over afterwards fails it.
func (w *world) open(m selector.Mechanism) {
	GinkgoHelper()
	before, running := descriptors(), gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(running))
		Expect(descriptors()).To(Equal(before), "descriptors are left open")
	})
	s, err := m.New()
	Expect(err).NotTo(HaveOccurred())
	w.Selector = s
	w.own = slices.DeleteFunc(descriptors(), func(fd int) bool { return slices.Contains(before, fd) })
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
}

// descriptors returns the open ones among the first 2048, which is what any
// spec comes to use.
func descriptors() []int {
	var open []int
	for fd := range 2048 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = append(open, fd)
		}
	}
	return open
}

func stay() bool { return true }

// next waits until something is reported.
func (w *world) next() []selector.Event {
	GinkgoHelper()
	for until := time.Now().Add(patient); ; {
		events, err := w.Wait(until, stay)
		Expect(err).NotTo(HaveOccurred())
		if len(events) > 0 || !time.Now().Before(until) {
			return slices.Clone(events)
		}
	}
}

// now asks without waiting.
func (w *world) now() []selector.Event {
	GinkgoHelper()
	events, err := w.Wait(time.Time{}, nil)
	Expect(err).NotTo(HaveOccurred())
	return slices.Clone(events)
}

// expectQuiet waits a while in which nothing may be reported.
func (w *world) expectQuiet() {
	GinkgoHelper()
	for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
		events, err := w.Wait(until, stay)
		Expect(err).NotTo(HaveOccurred())
		Expect(events).To(BeEmpty())
	}
}

// told keeps those of the bits that the mechanism has a word for.
func (w *world) told(bits selector.Ready) selector.Ready {
	switch w.Name() {
	case "select":
		return bits & (selector.Readable | selector.Writable)
	case "poll":
		if !selector.PollTellsEnd {
			bits &^= selector.Ended
		}
	}
	return bits
}

// says matches exactly one event with this tag that has all of the bits.
func says(tag uint64, bits selector.Ready) OmegaMatcher {
	return ConsistOf(SatisfyAll(
		HaveField("Tag", tag),
		HaveField("Ready", Satisfy(func(r selector.Ready) bool { return r&bits == bits })),
	))
}

// only matches exactly one event with this tag that has these bits and no other.
func only(tag uint64, bits selector.Ready) OmegaMatcher {
	return ConsistOf(selector.Event{Tag: tag, Ready: bits})
}

// An end is one end of a connection or pipe, closed with the spec.
type end struct{ fd int }

func newEnd(fd int) *end {
	GinkgoHelper()
	unix.CloseOnExec(fd)
	Expect(unix.SetNonblock(fd, true)).To(Succeed())
	e := &end{fd: fd}
	DeferCleanup(e.close)
	return e
}

func (e *end) close() {
	if e.fd >= 0 {
		Expect(unix.Close(e.fd)).To(Succeed())
		e.fd = -1
	}
}

func (e *end) write(s string) {
	GinkgoHelper()
	Expect(unix.Write(e.fd, []byte(s))).To(Equal(len(s)))
}

// fill writes until the kernel takes no more.
func (e *end) fill() {
	GinkgoHelper()
	block := make([]byte, 64<<10)
	for {
		if _, err := unix.Write(e.fd, block); err != nil {
			Expect(err).To(MatchError(unix.EAGAIN))
			return
		}
	}
}

// empty reads until nothing is left.
func (e *end) empty() {
	GinkgoHelper()
	block := make([]byte, 64<<10)
	for {
		if _, err := unix.Read(e.fd, block); err != nil {
			Expect(err).To(MatchError(unix.EAGAIN))
			return
		}
	}
}

func newPipe() (r, w *end) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	return newEnd(fds[0]), newEnd(fds[1])
}

func newUnixPair() (a, b *end) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	return newEnd(fds[0]), newEnd(fds[1])
}

// newListener listens on a free port of the loopback address.
func newListener() (*end, unix.Sockaddr) {
	GinkgoHelper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	l := newEnd(fd)
	Expect(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})).To(Succeed())
	Expect(unix.Listen(fd, 16)).To(Succeed())
	address, err := unix.Getsockname(fd)
	Expect(err).NotTo(HaveOccurred())
	return l, address
}

// dial starts connecting.
func dial(address unix.Sockaddr) *end {
	GinkgoHelper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	e := newEnd(fd)
	Expect(unix.Connect(fd, address)).To(Or(Succeed(), MatchError(unix.EINPROGRESS)))
	return e
}

func newTCPPair() (a, b *end) {
	GinkgoHelper()
	l, address := newListener()
	a = dial(address)
	Eventually(func() (err error) {
		var fd int
		if fd, _, err = unix.Accept(l.fd); err == nil {
			b = newEnd(fd)
		}
		return err
	}).WithTimeout(patient).WithPolling(time.Millisecond).Should(Succeed())
	return a, b
}
