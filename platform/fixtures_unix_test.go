//go:build unix

package platform_test

import (
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// What the system calls the errors that the specs of all systems look for.
const (
	errBadDescriptor = unix.EBADF
	errBadSocket     = unix.EBADF
	errNotSocket     = unix.ENOTSOCK
	errInvalid       = unix.EINVAL
	errAddrInUse     = unix.EADDRINUSE
	errNotConnected  = unix.ENOTCONN
	errConnRefused   = unix.ECONNREFUSED
	errShut          = unix.EPIPE
	errTooLong       = unix.EMSGSIZE
	errNoPermission  = unix.EACCES
	errNoSuchOption  = unix.ENOPROTOOPT
)

// What await waits for.
const (
	readable = unix.POLLIN
	writable = unix.POLLOUT
	failed   = unix.POLLERR
)

// await waits until fd is ready, on the spec's own time.
func await(fd int, events int16) {
	GinkgoHelper()
	deadline := time.Now().Add(waitLimit)
	for time.Now().Before(deadline) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
		if n, err := unix.Poll(fds, 1000); err != unix.EINTR && n > 0 {
			return
		}
	}
	Fail("descriptor did not become ready")
}

func openDescriptors() int {
	GinkgoHelper()
	names, err := os.ReadDir("/dev/fd")
	Expect(err).NotTo(HaveOccurred())
	return len(names)
}

// sayNoSocket matches what a call of sockets says of something else.
func sayNoSocket() types.GomegaMatcher { return Equal(errNotSocket) }

// pipeEnds returns both ends of a pipe that can be watched.
func pipeEnds() (r, w int) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	return closing(fds[0]), closing(fds[1])
}

func flagsOf(fd int) (descriptor, status int) {
	GinkgoHelper()
	descriptor, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	Expect(err).NotTo(HaveOccurred())
	status, err = unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	Expect(err).NotTo(HaveOccurred())
	return descriptor, status
}

func expectOurs(fd int) {
	GinkgoHelper()
	descriptor, status := flagsOf(fd)
	Expect(descriptor&unix.FD_CLOEXEC).NotTo(BeZero(), "closed on exec")
	Expect(status&unix.O_NONBLOCK).NotTo(BeZero(), "non-blocking")
}

// deadPort is an address where nobody hears anything: a socket that is connected
// elsewhere holds the port, so that nobody else gets it.
func deadPort() platform.Sockaddr {
	GinkgoHelper()
	fd, _ := boundTo(loopback)
	name := localName(fd)
	Expect(platform.Connect(fd, name)).To(Succeed()) // to itself
	return name
}
