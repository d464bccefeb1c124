package selector_test

import (
	"net/netip"
	"slices"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

const (
	bounded = SpecTimeout(10 * time.Second)
	patient = 2 * time.Second

	// connecting is patience with a connect that is refused: Windows tries three
	// times, half a second apart, before it believes that.
	connecting = 5 * time.Second
)

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

func stay() bool { return true }

// next waits until something is reported.
func (w *world) next() []selector.Event {
	GinkgoHelper()
	for until := time.Now().Add(patient); ; {
		events, err := w.Wait(until, stay)
		Expect(err).NotTo(HaveOccurred())
		if len(events) > 0 || !time.Now().Before(until) {
			return w.seen(events)
		}
	}
}

// now asks without waiting.
func (w *world) now() []selector.Event {
	GinkgoHelper()
	events, err := w.Wait(time.Time{}, nil)
	Expect(err).NotTo(HaveOccurred())
	return w.seen(events)
}

// seen keeps what was reported, and drops what kqueue merely supposes: with Edge
// it can not rule an urgent mark out.
func (w *world) seen(events []selector.Event) []selector.Event {
	events = slices.Clone(events)
	for i := range events {
		if w.Name() == "kqueue" {
			events[i].Ready &^= selector.Urgent
		}
	}
	return events
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
		if !pollTellsEnd {
			bits &^= selector.Ended
		}
	case "kqueue": // each direction has words of its own
		if bits&selector.Readable == 0 {
			bits &^= selector.Ended
		}
		if bits&selector.Writable == 0 {
			bits &^= selector.Failed
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

// newEnd takes over a non-blocking descriptor.
func newEnd(fd int) *end {
	e := &end{fd: fd}
	DeferCleanup(e.close)
	return e
}

func (e *end) close() {
	if e.fd >= 0 {
		Expect(closeFD(e.fd)).To(Succeed())
		e.fd = -1
	}
}

func (e *end) write(s string) {
	GinkgoHelper()
	Expect(write(e.fd, []byte(s))).To(Equal(len(s)))
}

// fill writes until the kernel takes no more.
func (e *end) fill() {
	GinkgoHelper()
	block := make([]byte, 64<<10)
	for {
		if _, err := write(e.fd, block); err != nil {
			Expect(err).To(MatchError(errWouldBlock))
			return
		}
	}
}

// empty reads until nothing is left.
func (e *end) empty() {
	GinkgoHelper()
	block := make([]byte, 64<<10)
	for {
		if _, err := read(e.fd, block); err != nil {
			Expect(err).To(MatchError(errWouldBlock))
			return
		}
	}
}

// drainToEnd reads what is there, and the end behind it.
func (e *end) drainToEnd() {
	GinkgoHelper()
	block := make([]byte, 1024)
	for {
		n, err := read(e.fd, block)
		Expect(err).NotTo(HaveOccurred())
		if n == 0 {
			return
		}
	}
}

// newPair makes a connection of the simplest sort that every mechanism of this
// system watches.
func newPair() (a, b *end) {
	GinkgoHelper()
	x, y, err := socketPair()
	Expect(err).NotTo(HaveOccurred())
	return newEnd(x), newEnd(y)
}

// reopen makes a socket with a number that is free. Unix gives the lowest one;
// elsewhere it comes within a few tries, or is nil because a thread of the runtime
// was given it.
func reopen(fd int) *end {
	GinkgoHelper()
	for range 10 {
		a, b := newPair()
		switch fd {
		case a.fd:
			return a
		case b.fd:
			return b
		}
	}
	return nil
}

// newListener listens on a free port of the loopback address.
func newListener() (*end, platform.Sockaddr) {
	GinkgoHelper()
	l := newEnd(newSocket(syscall.SOCK_STREAM))
	Expect(platform.Listen(l.fd, 16)).To(Succeed())
	address, err := platform.LocalName(l.fd)
	Expect(err).NotTo(HaveOccurred())
	return l, address
}

// newSocket is bound to a free port of the loopback address.
func newSocket(sotype int) (fd int) {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, sotype)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0")))).To(Succeed())
	return fd
}

// dial starts connecting.
func dial(address platform.Sockaddr) *end {
	GinkgoHelper()
	e := newEnd(newSocket(syscall.SOCK_STREAM))
	Expect(platform.Connect(e.fd, address)).To(Or(Succeed(), Satisfy(platform.IsInProgress)))
	return e
}

func newTCPPair() (a, b *end) {
	GinkgoHelper()
	l, address := newListener()
	a = dial(address)
	b = accept(l)
	Eventually(platform.PeerName).WithArguments(a.fd).WithTimeout(patient).Should(Equal(address))
	return a, b
}

func accept(l *end) (e *end) {
	GinkgoHelper()
	Eventually(func() (err error) {
		var fd int
		if fd, _, err = platform.Accept(l.fd); err == nil {
			e = newEnd(fd)
		}
		return err
	}).WithTimeout(patient).WithPolling(time.Millisecond).Should(Succeed())
	return e
}
