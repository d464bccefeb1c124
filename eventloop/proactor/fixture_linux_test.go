package proactor_test

import (
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

// memoryOf returns what fails the spec if the process still has the memory that a
// proactor has now. It is marked, because its addresses alone prove nothing: the
// runtime maps memory whenever it likes, and where there is a hole.
func memoryOf(p proactor.Proactor) (gone func()) {
	const mark = "\xa5\x5a" // as long as what the last entry of a buffer ring does not use
	var at []int64
	for _, m := range proactor.Mapped(p) {
		if len(m) > 0 {
			copy(m[len(m)-len(mark):], mark)
			at = append(at, int64(uintptr(unsafe.Pointer(&m[len(m)-len(mark)]))))
		}
	}
	return func() {
		GinkgoHelper()
		memory, err := os.Open("/proc/self/mem")
		Expect(err).NotTo(HaveOccurred())
		defer memory.Close()
		for _, a := range at {
			found := make([]byte, len(mark))
			_, err := memory.ReadAt(found, a) // EIO where nothing is mapped
			Expect(err == nil && string(found) == mark).To(BeFalse(), "the memory before %x is still mapped", a+int64(len(mark)))
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
