//go:build linux

package proactor_test

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

const (
	bounded = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second
)

// bench is a proactor on the thread of its spec.
type bench struct {
	proactor.Proactor
	kept []proactor.Completion // for other tags than the one asked for
}

// with runs a spec's body on a locked thread with a proactor, and fails it for a
// descriptor or a mapping that is left.
func with(m proactor.Mechanism, o proactor.Options, body func(*bench)) {
	GinkgoHelper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := rings()
	p, err := proactor.New(m.Name, &o)
	Expect(err).NotTo(HaveOccurred())
	defer func() {
		Expect(p.Close()).To(Succeed())
		Expect(p.Close()).To(Succeed(), "closing again")
		Expect(rings()).To(Equal(before), "rings that are mapped or open")
	}()
	body(&bench{Proactor: p})
}

// rings counts what /proc says of io_uring: descriptors and mappings.
func rings() (n int) {
	GinkgoHelper()
	maps, err := os.ReadFile("/proc/self/maps")
	Expect(err).NotTo(HaveOccurred())
	n = strings.Count(string(maps), "[io_uring]")
	open, err := os.ReadDir("/proc/self/fd")
	Expect(err).NotTo(HaveOccurred())
	for _, fd := range open {
		if name, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.Contains(name, "[io_uring]") || strings.Contains(name, "[eventfd]") {
			n++
		}
	}
	return n
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

func last(list []proactor.Outcome) proactor.Outcome { return list[len(list)-1] }

// pair is two connected, non-blocking sockets, TCP if inet.
func pair(inet bool) (a, b int) {
	GinkgoHelper()
	if !inet {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		Expect(err).NotTo(HaveOccurred())
		return closing(fds[0]), closing(fds[1])
	}
	l, to := listen()
	a = socket()
	Expect(platform.Connect(a, to)).To(Or(Succeed(), MatchError(unix.EINPROGRESS)))
	Eventually(func() (err error) { b, _, err = platform.Accept(l); return err }).WithTimeout(patient).Should(Succeed())
	return a, closing(b)
}

func socket() int {
	GinkgoHelper()
	fd, err := platform.OpenSocket(unix.AF_INET, unix.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
}

func listen() (fd int, at platform.Sockaddr) {
	GinkgoHelper()
	fd = socket()
	Expect(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})).To(Succeed())
	Expect(platform.Listen(fd, 128)).To(Succeed())
	at, err := platform.LocalName(fd)
	Expect(err).NotTo(HaveOccurred())
	return fd, at
}

// closing closes a descriptor after the spec.
func closing(fd int) int {
	DeferCleanup(func() { _ = unix.Close(fd) })
	return fd
}

func write(fd int, s string) {
	GinkgoHelper()
	Expect(platform.WriteFD(fd, []byte(s))).To(Equal(len(s)))
}
