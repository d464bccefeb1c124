//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

const (
	errWouldBlock = unix.EAGAIN
	pollTellsEnd  = selector.PollTellsEnd
)

// The runtime's poller opens its own descriptors at first use and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
})

// descriptors returns the open ones among the first 2048, which is what any
// spec comes to use.
func descriptors() []int {
	var open []int
	for fd := range 2048 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = append(open, fd)
		}
	}
	return open
}

func read(fd int, b []byte) (int, error)  { return unix.Read(fd, b) }
func write(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
func closeFD(fd int) error                { return unix.Close(fd) }
func shutdownWrite(fd int) error          { return unix.Shutdown(fd, unix.SHUT_WR) }

func sendUrgent(fd int) error { return unix.Sendto(fd, []byte("!"), unix.MSG_OOB, nil) }

// resetOnClose makes the close of a TCP socket a reset.
func resetOnClose(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func isInherited(fd int) bool {
	GinkgoHelper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	Expect(err).NotTo(HaveOccurred())
	return flags&unix.FD_CLOEXEC == 0
}

func newPipe() (r, w *end) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		Expect(unix.SetNonblock(fd, true)).To(Succeed())
	}
	return newEnd(fds[0]), newEnd(fds[1])
}

func socketPair() (a, b int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	for _, fd := range fds {
		if err == nil {
			unix.CloseOnExec(fd)
			err = unix.SetNonblock(fd, true)
		}
	}
	return fds[0], fds[1], err
}

// connections and pipes are the rows of tables: what there is to watch.
var (
	connections = []TableEntry{
		Entry("on TCP", bounded, newTCPPair),
		Entry("on a Unix socket", bounded, newPair),
	}
	pipes = []TableEntry{Entry("in a pipe", bounded, newPipe)}
)
