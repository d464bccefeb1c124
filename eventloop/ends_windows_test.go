package eventloop_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// descriptors returns the open files, sockets and pipes among the first 2048
// handles. Events and threads are the runtime's, which makes them when it likes.
func descriptors() []int {
	var open []int
	for h := 4; h < 4*2048; h += 4 {
		if isOpen(h) {
			open = append(open, h)
		}
	}
	return open
}

func isOpen(h int) bool {
	kind, err := windows.GetFileType(windows.Handle(h))
	return err == nil && kind != windows.FILE_TYPE_UNKNOWN
}

func keepFromChildren(h int) error {
	return windows.SetHandleInformation(windows.Handle(h), windows.HANDLE_FLAG_INHERIT, 0)
}

func writeEnd(fd int, b []byte) (int, error) { return platform.Send(fd, b) }
func readEnd(fd int, b []byte) (int, error)  { return platform.Recv(fd, b) }

// newPipe is what comes nearest to one: select takes sockets only.
func newPipe() (r, w *end) {
	GinkgoHelper()
	return newSocketPair()
}

// newSocketPair is two ends of a connection over 127.0.0.1.
func newSocketPair() (a, b *end) {
	GinkgoHelper()
	listener := newSocket()
	at := listener.bound("127.0.0.1:0")
	Expect(platform.Listen(listener.fd, 1)).To(Succeed())
	a = newSocket()
	a.connecting(at)
	var fd int
	Eventually(func() (err error) {
		fd, _, err = platform.Accept(listener.fd)
		return err
	}).WithTimeout(patient).Should(Succeed())
	b = newEnd(fd)
	listener.Close()
	// Nobody looks whether the connecting side has noticed.
	Eventually(func() error { _, err := platform.PeerName(a.fd); return err }).WithTimeout(patient).Should(Succeed())
	Expect(slices.ContainsFunc([]*end{a, b}, func(e *end) bool { return platform.SetNoDelay(e.fd, true) != nil })).To(BeFalse())
	return a, b
}

// processorTime is how much of it this process has used.
func processorTime() time.Duration {
	var created, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &ended, &kernel, &user); err != nil {
		return 0
	}
	ticks := func(t windows.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) }
	return time.Duration(ticks(kernel)+ticks(user)) * 100
}

// The errors that specs expect of this system.
const (
	errRefused     = windows.WSAECONNREFUSED
	errReset       = windows.WSAECONNRESET
	errInUse       = windows.WSAEADDRINUSE
	errNoAddress   = windows.WSAEADDRNOTAVAIL
	errTooLong     = windows.WSAEMSGSIZE
	errClosedFD    = windows.WSAENOTSOCK
	errUnwatchable = windows.WSAENOTSOCK
)
