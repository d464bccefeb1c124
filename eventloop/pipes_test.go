package eventloop_test

import (
	"net"
	"net/netip"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// An end is one end of a pipe or socket pair, closed with the spec.
type end struct{ fd int }

func newEnd(fd int) *end {
	GinkgoHelper()
	Expect(keepFromChildren(fd)).To(Succeed())
	Expect(platform.SetNonblock(fd)).To(Succeed())
	e := &end{fd: fd}
	DeferCleanup(e.Close)
	return e
}

func (e *end) Fd() uintptr { return uintptr(e.fd) }

func (e *end) Write(b []byte) (int, error) { return writeEnd(e.fd, b) }

// Close closes the end unless that was done already.
func (e *end) Close() {
	if e.fd >= 0 {
		_ = platform.CloseFD(e.fd)
		e.fd = -1
	}
}

// empty reads until nothing is left.
func (e *end) empty() {
	block := make([]byte, 64<<10)
	for {
		if n, err := readEnd(e.fd, block); n <= 0 || err != nil {
			return
		}
	}
}

// fill writes until the kernel takes no more.
func (e *end) fill() {
	block := make([]byte, 64<<10)
	for {
		if _, err := writeEnd(e.fd, block); err != nil {
			return
		}
	}
}

// readablePipe is a pipe with something to read.
func readablePipe(s string) (r, w *end) {
	GinkgoHelper()
	r, w = newPipe()
	Expect(w.Write([]byte(s))).To(Equal(len(s)))
	return r, w
}

// regularFile is a file on disk.
func regularFile() *os.File {
	GinkgoHelper()
	f, err := os.CreateTemp(GinkgoT().TempDir(), "")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(f.Close)
	return f
}

// newSocket is a TCP socket for IPv4 that is not connected.
func newSocket() *end {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	return newEnd(fd)
}

// bound gives a socket an address, any port of 127.0.0.1 unless told.
func (e *end) bound(to string) platform.Sockaddr {
	GinkgoHelper()
	Expect(platform.Bind(e.fd, platform.InetSockaddr(netip.MustParseAddrPort(to)))).To(Succeed())
	at, err := platform.LocalName(e.fd)
	Expect(err).NotTo(HaveOccurred())
	return at
}

// connecting has a socket connect to whoever is there, or not.
func (e *end) connecting(to platform.Sockaddr) {
	GinkgoHelper()
	if err := platform.Connect(e.fd, to); err != nil && !platform.IsRefused(err) {
		Expect(platform.IsInProgress(err)).To(BeTrue(), "connecting: %v", err)
	}
}

// dial connects a client of package net, closed with the spec.
func dial(to net.Addr) *net.TCPConn {
	GinkgoHelper()
	c, err := net.Dial(to.Network(), to.String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}
