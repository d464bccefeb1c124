package platform_test

import (
	"net/netip"
	"os"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

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

// waitLimit bounds what hangs if its subject is wrong.
const waitLimit = 10 * time.Second

// failure is the error of a call whose result does not count.
func failure[T any](_ T, err error) error { return err }

// closing hands fd to the end of the spec.
func closing(fd int) int {
	DeferCleanup(func() { Expect(platform.CloseFD(fd)).To(Succeed()) })
	return fd
}

// opened returns a descriptor of a file, open for reading.
func opened(path string) int {
	GinkgoHelper()
	file, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	fd, err := platform.DupFD(int(file.Fd()))
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
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
	fd := openSocket(at.Family(), syscall.SOCK_STREAM)
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

// connected returns the two ends of a TCP connection.
func connected() (client, server int) {
	GinkgoHelper()
	listener, address := listening(loopback)
	client = connecting(address)
	await(client, writable)
	Expect(platform.SocketError(client)).To(Succeed())
	return client, accepted(listener)
}

func connecting(to platform.Sockaddr) int {
	GinkgoHelper()
	fd := openSocket(to.Family(), syscall.SOCK_STREAM)
	if err := platform.Connect(fd, to); err != nil {
		Expect(platform.IsInProgress(err)).To(BeTrue(), "%v", err)
	}
	return fd
}

func accepted(listener int) int {
	GinkgoHelper()
	await(listener, readable)
	fd, _, err := platform.Accept(listener)
	Expect(err).NotTo(HaveOccurred())
	return closing(fd)
}
