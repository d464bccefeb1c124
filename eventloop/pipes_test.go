//go:build unix

package eventloop_test

import (
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// An end is one end of a pipe or socket pair, closed with the spec.
type end struct{ fd int }

func newEnd(fd int) *end {
	GinkgoHelper()
	unix.CloseOnExec(fd)
	Expect(unix.SetNonblock(fd, true)).To(Succeed())
	e := &end{fd: fd}
	DeferCleanup(e.Close)
	return e
}

func (e *end) Fd() uintptr { return uintptr(e.fd) }

func (e *end) Write(b []byte) (int, error) { return unix.Write(e.fd, b) }

// Close closes the end unless that was done already.
func (e *end) Close() {
	if e.fd >= 0 {
		_ = unix.Close(e.fd)
		e.fd = -1
	}
}

// empty reads until nothing is left.
func (e *end) empty() {
	block := make([]byte, 64<<10)
	for {
		if n, err := unix.Read(e.fd, block); n <= 0 || err != nil {
			return
		}
	}
}

// fill writes until the kernel takes no more.
func (e *end) fill() {
	block := make([]byte, 64<<10)
	for {
		if _, err := unix.Write(e.fd, block); err != nil {
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

// readablePipe is a pipe with something to read.
func readablePipe(s string) (r, w *end) {
	GinkgoHelper()
	r, w = newPipe()
	Expect(w.Write([]byte(s))).To(Equal(len(s)))
	return r, w
}

func newSocketPair() (a, b *end) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	return newEnd(fds[0]), newEnd(fds[1])
}

// regularFile is a file on disk.
func regularFile() *os.File {
	GinkgoHelper()
	f, err := os.CreateTemp(GinkgoT().TempDir(), "")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(f.Close)
	return f
}

// dial connects a client of package net, closed with the spec.
func dial(to net.Addr) *net.TCPConn {
	GinkgoHelper()
	c, err := net.Dial(to.Network(), to.String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}
