//go:build linux || windows

package proactor_test

import (
	"net/netip"
	"runtime"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

const (
	bounded = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second
)

// bench is a proactor on the thread of its spec. It introduces descriptors by
// itself when they are first used under a tag.
type bench struct {
	proactor.Proactor
	kept []proactor.Completion // for other tags than the one asked for
	tags map[int]uint32        // by descriptor
	fds  map[uint32]int
}

// with runs a spec's body on a locked thread with a proactor, and fails it for
// what is left over.
func with(m proactor.Mechanism, o proactor.Options, body func(*bench)) {
	GinkgoHelper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := leftovers()
	p, err := proactor.New(m.Name, &o)
	Expect(err).NotTo(HaveOccurred())
	defer func() {
		gone := memoryOf(p)
		Expect(p.Close()).To(Succeed())
		gone()
		Expect(p.Close()).To(Succeed(), "closing again")
		Expect(leftovers()).To(Equal(before), "what the proactor has of the system")
	}()
	body(&bench{Proactor: p, tags: make(map[int]uint32), fds: make(map[uint32]int)})
}

// attach introduces a descriptor, taking it from whatever tag it had.
func (b *bench) attach(fd int, tag uint32) {
	GinkgoHelper()
	if t, ok := b.tags[fd]; ok {
		if t == tag && b.fds[tag] == fd {
			return
		}
		b.detach(fd)
	}
	if old, ok := b.fds[tag]; ok {
		b.detach(old)
	}
	Expect(b.Attach(fd, tag)).To(Succeed())
	b.tags[fd], b.fds[tag] = tag, fd
}

// detach is for what is closed next, too.
func (b *bench) detach(fd int) {
	if tag, ok := b.tags[fd]; ok {
		b.Detach(fd, tag)
		delete(b.tags, fd)
		delete(b.fds, tag)
	}
}

func (b *bench) Receive(fd int, tag uint32, once bool) {
	b.attach(fd, tag)
	b.Proactor.Receive(fd, tag, once)
}

func (b *bench) Accept(fd int, tag uint32) {
	b.attach(fd, tag)
	b.Proactor.Accept(fd, tag)
}

func (b *bench) Send(fd int, tag uint32, data []byte) {
	b.attach(fd, tag)
	b.Proactor.Send(fd, tag, data)
}

func (b *bench) Connect(fd int, tag uint32, to platform.Sockaddr) {
	GinkgoHelper()
	name, err := platform.NameOf(to)
	Expect(err).NotTo(HaveOccurred())
	b.attach(fd, tag)
	b.Proactor.Connect(fd, tag, &name)
}

// look waits without blocking and returns what has completed for a tag.
func (b *bench) look(tag uint32) (got []proactor.Outcome) {
	GinkgoHelper()
	done, err := b.Wait(time.Time{}, nil)
	Expect(err).NotTo(HaveOccurred())
	b.kept = append(b.kept, done...)
	rest := b.kept[:0]
	for _, c := range b.kept {
		if c.Tag == tag {
			got = append(got, c.Outcome)
		} else {
			rest = append(rest, c)
		}
	}
	b.kept = rest
	return got
}

// await looks until something has completed for a tag.
func (b *bench) await(tag uint32) (got []proactor.Outcome) {
	GinkgoHelper()
	for limit := time.Now().Add(patient); len(got) == 0; {
		Expect(time.Now()).To(BeTemporally("<", limit), "nothing completes for tag %d", tag)
		got = b.look(tag)
	}
	return got
}

// awaitOne is await where one completion is expected.
func (b *bench) awaitOne(tag uint32) proactor.Outcome {
	GinkgoHelper()
	got := b.await(tag)
	Expect(got).To(HaveLen(1))
	return got[0]
}

// quiet looks for a moment and expects nothing.
func (b *bench) quiet(tag uint32) {
	GinkgoHelper()
	for range 20 {
		Expect(b.look(tag)).To(BeEmpty())
		runtime.Gosched()
	}
}

// receive gets n bytes, submitting again where a receive does not go on.
func (b *bench) receive(fd int, tag uint32, n int) (data []byte) {
	GinkgoHelper()
	b.Receive(fd, tag, false)
	for more := true; len(data) < n || more; {
		if !more {
			b.Receive(fd, tag, false)
		}
		for _, o := range b.await(tag) {
			more = o.More()
			if o.Err() == syscall.ENOBUFS {
				continue
			}
			Expect(o.Err()).NotTo(HaveOccurred())
			Expect(o.N()).NotTo(BeZero(), "the end")
			data = append(data, b.Bytes(o)...)
			b.Recycle(o)
		}
		if len(data) >= n && more {
			b.Cancel(tag, proactor.Receive)
			Expect(last(b.await(tag)).Err()).To(Equal(syscall.ECANCELED))
			return data
		}
	}
	return data
}

// accept awaits n connections, submitting again where an Accept does not go on,
// and returns them for the spec to close.
func (b *bench) accept(tag uint32, n int) (fds []int) {
	GinkgoHelper()
	for len(fds) < n {
		for _, o := range b.await(tag) {
			if o.Err() == nil {
				fds = append(fds, closing(o.N()))
			} else {
				Expect(o.Err()).To(Equal(syscall.ECANCELED))
			}
			if !o.More() {
				b.Proactor.Accept(b.fds[tag], tag)
			}
		}
	}
	Expect(fds).To(HaveLen(n))
	return fds
}

func last(list []proactor.Outcome) proactor.Outcome { return list[len(list)-1] }

// pair is two connected, non-blocking sockets, of the family that is asked for if
// the system has it.
func pair(inet bool) (a, b int) {
	GinkgoHelper()
	if !inet {
		return localPair()
	}
	l, to := listen()
	a = socket()
	connect(a, to)
	return a, closing(accepted(l))
}

// accepted takes a connection that is coming.
func accepted(l int) (fd int) {
	GinkgoHelper()
	Eventually(func() (err error) { fd, _, err = platform.Accept(l); return err }).
		WithTimeout(patient).WithPolling(100 * time.Microsecond).Should(Succeed())
	return fd
}

func connect(fd int, to platform.Sockaddr) {
	GinkgoHelper()
	Expect(platform.Connect(fd, to)).To(Or(Succeed(), Satisfy(platform.IsInProgress)))
}

func socket() int {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
}

func listen() (fd int, at platform.Sockaddr) {
	GinkgoHelper()
	fd = socket()
	Expect(platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0")))).To(Succeed())
	Expect(platform.Listen(fd, 128)).To(Succeed())
	at, err := platform.LocalName(fd)
	Expect(err).NotTo(HaveOccurred())
	return fd, at
}

// open are the descriptors that are to be closed after the spec.
var open = map[int]bool{}

// closing closes a descriptor after the spec, unless the spec does.
func closing(fd int) int {
	open[fd] = true
	DeferCleanup(func() {
		if open[fd] {
			shut(fd)
		}
	})
	return fd
}

// shut closes a descriptor now: closed again later it would be somebody else's.
func shut(fd int) {
	GinkgoHelper()
	delete(open, fd)
	Expect(platform.CloseFD(fd)).To(Succeed())
}

// write writes to a socket.
func write(fd int, s string) {
	GinkgoHelper()
	Expect(platform.Send(fd, []byte(s))).To(Equal(len(s)))
}

// clog fills what a socket can hold. On a busy machine what is under way to the
// other end makes room once more when it arrives.
func clog(fd int) {
	GinkgoHelper()
	const calm = 5 * time.Millisecond
	full := make([]byte, 1<<20)
	for last := time.Now(); time.Since(last) < calm; runtime.Gosched() {
		if _, err := platform.Send(fd, full); err == nil {
			last = time.Now()
		}
	}
}

// drained is what arrives until nothing has for a while.
func drained(fd int) (all []byte) {
	b := make([]byte, 1<<20)
	for idle := 0; idle < 100; {
		n, err := platform.Recv(fd, b)
		if err != nil || n == 0 {
			idle++
			runtime.Gosched()
			continue
		}
		idle = 0
		all = append(all, b[:n]...)
	}
	return all
}
