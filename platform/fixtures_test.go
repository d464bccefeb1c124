//go:build unix

package platform_test

import (
	"net/netip"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var loopback = platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0"))

// Go's own poller opens its descriptors with the first pipe and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
})

var _ = BeforeEach(func() {
	goroutines, descriptors := gleak.Goroutines(), openDescriptors()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(5 * time.Second).ShouldNot(gleak.HaveLeaked(goroutines))
		Expect(openDescriptors()).To(Equal(descriptors), "open descriptors")
	})
})

func openDescriptors() int {
	GinkgoHelper()
	names, err := os.ReadDir("/dev/fd")
	Expect(err).NotTo(HaveOccurred())
	return len(names)
}

// closing hands fd to the end of the spec.
func closing(fd int) int {
	DeferCleanup(func() { Expect(platform.CloseFD(fd)).To(Succeed()) })
	return fd
}

func openSocket(family, sotype int) int {
	GinkgoHelper()
	fd, err := platform.OpenSocket(family, sotype)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
}

// listening returns a socket that accepts, and its address.
func listening(at platform.Sockaddr) (int, platform.Sockaddr) {
	GinkgoHelper()
	fd := openSocket(at.Family(), unix.SOCK_STREAM)
	Expect(platform.Bind(fd, at)).To(Succeed())
	Expect(platform.Listen(fd, 128)).To(Succeed())
	return fd, localName(fd)
}

func localName(fd int) platform.Sockaddr {
	GinkgoHelper()
	name, err := platform.LocalName(fd)
	Expect(err).NotTo(HaveOccurred())
	return name
}

// await waits until fd is ready, on the spec's own time.
func await(fd int, events int16) {
	GinkgoHelper()
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
		if n, err := unix.Poll(fds, 1000); err != unix.EINTR && n > 0 {
			return
		}
	}
	Fail("descriptor did not become ready")
}

// connected returns the two ends of a TCP connection.
func connected() (client, server int) {
	GinkgoHelper()
	listener, address := listening(loopback)
	client = connecting(address)
	await(client, unix.POLLOUT)
	Expect(platform.SocketError(client)).To(Succeed())
	return client, accepted(listener)
}

func connecting(to platform.Sockaddr) int {
	GinkgoHelper()
	fd := openSocket(to.Family(), unix.SOCK_STREAM)
	if err := platform.Connect(fd, to); err != nil {
		Expect(platform.IsInProgress(err)).To(BeTrue(), "%v", err)
	}
	return fd
}

func accepted(listener int) int {
	GinkgoHelper()
	await(listener, unix.POLLIN)
	fd, _, err := platform.Accept(listener)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
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
