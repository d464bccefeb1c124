package eventloop_test

import (
	"slices"
	"syscall"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// handles calls f with every handle of this process. The system's own count of
// them is zero under Wine. Handles are dense: a long gap is the end.
func handles(f func(h windows.Handle)) {
	const gap = 4 * 256
	exists := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
	for h, last := windows.Handle(4), windows.Handle(0); h < last+gap; h += 4 {
		var flags uint32
		if is, _, _ := exists.Call(uintptr(h), uintptr(unsafe.Pointer(&flags))); is != 0 {
			f(h)
			last = h
		}
	}
}

// openHandles is how many handles this process has, of whatever kind.
func openHandles() (n int) {
	handles(func(windows.Handle) { n++ })
	return n
}

// descriptors returns the open files, sockets and pipes. Events and threads are
// the runtime's, which makes them when it likes.
func descriptors() (open []int) {
	handles(func(h windows.Handle) {
		if isOpen(int(h)) {
			open = append(open, int(h))
		}
	})
	return open
}

func isOpen(h int) bool {
	kind, err := windows.GetFileType(windows.Handle(h))
	return err == nil && kind != windows.FILE_TYPE_UNKNOWN
}

// onWine reports whether Windows is Wine, which differs in places.
func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
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
	errRefused      = windows.WSAECONNREFUSED
	errReset        = windows.WSAECONNRESET
	errNotConnected = windows.WSAENOTCONN
	errInUse        = windows.WSAEADDRINUSE
	errNoAddress    = windows.WSAEADDRNOTAVAIL
	errTooLong      = windows.WSAEMSGSIZE
	errNobody       = windows.WSAECONNRESET // of a datagram's receiver
	errForbidden    = windows.WSAEACCES
	errNoMember     = windows.WSAEINVAL
	errClosedFD     = syscall.EBADF // nobody asks the system
	errUnwatchable  = windows.WSAENOTSOCK
)
