package proactor_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

// The modes are what kernels of different ages have: every spec runs on all, so
// that what replaces a feature is not only believed in.
var modes = []struct {
	name    string
	without proactor.Features
}{
	{"with everything", 0},
	{"without DEFER_TASKRUN", proactor.DeferTaskrun},
	{"without SINGLE_ISSUER", proactor.SingleIssuer},
	{"without multishot", proactor.MultishotReceive | proactor.MultishotAccept | proactor.MultishotPoll},
	{"without provided buffers", proactor.ProvidedBuffers},
	{"as Linux 5.11", proactor.ProvidedBuffers | proactor.MultishotReceive | proactor.MultishotAccept |
		proactor.MultishotPoll | proactor.SingleIssuer | proactor.DeferTaskrun | proactor.CoopTaskrun},
}

// What the system calls the errors that the specs of all systems look for.
const (
	errReset        = syscall.ECONNRESET
	errRefused      = syscall.ECONNREFUSED
	errNotListening = syscall.EINVAL
)

// longRun is how many receives it takes to see that buffers are not needed any
// more.
const longRun = 10_000

// leftovers counts what /proc says of io_uring: descriptors and mappings.
func leftovers() (n int) {
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

// memoryOf returns what fails the spec if the kernel still has the mappings that a
// proactor has now.
func memoryOf(p proactor.Proactor) (gone func()) {
	type span struct{ from, to uintptr }
	var spans []span
	for _, m := range proactor.Mapped(p) {
		if len(m) > 0 {
			from := uintptr(unsafe.Pointer(&m[0]))
			spans = append(spans, span{from, from + uintptr(len(m))})
		}
	}
	return func() {
		GinkgoHelper()
		maps, err := os.ReadFile("/proc/self/maps")
		Expect(err).NotTo(HaveOccurred())
		for line := range strings.Lines(string(maps)) {
			var m span
			_, err := fmt.Sscanf(line, "%x-%x", &m.from, &m.to)
			Expect(err).NotTo(HaveOccurred(), line)
			for _, s := range spans {
				Expect(m.from < s.to && s.from < m.to).To(BeFalse(), "%x-%x is still mapped: %s", s.from, s.to, line)
			}
		}
	}
}

// threadsWorth is how many descriptors a thread of the runtime has.
const threadsWorth = 0

// handles counts the descriptors of the process.
func handles() int {
	GinkgoHelper()
	open, err := os.ReadDir("/proc/self/fd")
	Expect(err).NotTo(HaveOccurred())
	return len(open)
}

// localPair is two connected Unix sockets.
func localPair() (a, b int) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	Expect(err).NotTo(HaveOccurred())
	return closing(fds[0]), closing(fds[1])
}

// inherited reports whether a child gets a descriptor.
func inherited(fd int) bool {
	GinkgoHelper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	Expect(err).NotTo(HaveOccurred())
	return flags&unix.FD_CLOEXEC == 0
}
