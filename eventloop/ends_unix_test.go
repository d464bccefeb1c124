//go:build unix

package eventloop_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// descriptors returns the open ones among the first 2048, which is what any
// spec comes to use.
func descriptors() []int {
	var open []int
	for fd := range 2048 {
		if isOpen(fd) {
			open = append(open, fd)
		}
	}
	return open
}

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// onWine reports whether Windows is Wine, which differs in places.
func onWine() bool { return false }

func keepFromChildren(fd int) error {
	unix.CloseOnExec(fd)
	return nil
}

func writeEnd(fd int, b []byte) (int, error) { return platform.WriteFD(fd, b) }
func readEnd(fd int, b []byte) (int, error)  { return platform.ReadFD(fd, b) }

func newPipe() (r, w *end) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	return newEnd(fds[0]), newEnd(fds[1])
}

func newSocketPair() (a, b *end) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	return newEnd(fds[0]), newEnd(fds[1])
}

// processorTime is how much of it this process has used.
func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The errors that specs expect of this system.
const (
	errRefused      = unix.ECONNREFUSED
	errReset        = unix.ECONNRESET
	errNotConnected = unix.ENOTCONN
	errInUse        = unix.EADDRINUSE
	errNoAddress    = unix.EADDRNOTAVAIL
	errTooLong      = unix.EMSGSIZE
	errNobody       = unix.ECONNREFUSED // of a datagram's receiver
	errForbidden    = unix.EACCES
	errNoMember     = unix.EADDRNOTAVAIL
	errClosedFD     = unix.EBADF
	errUnwatchable  = unix.EPERM
)
