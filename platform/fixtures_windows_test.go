package platform_test

import (
	"syscall"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// What the system calls the errors that the specs of all systems look for.
const (
	errBadDescriptor = windows.ERROR_INVALID_HANDLE
	errBadSocket     = windows.WSAENOTSOCK
	errNotSocket     = windows.WSAENOTSOCK
	errInvalid       = windows.WSAEINVAL
	errAddrInUse     = windows.WSAEADDRINUSE
	errNotConnected  = windows.WSAENOTCONN
	errConnRefused   = windows.WSAECONNREFUSED
	errShut          = windows.WSAESHUTDOWN
	errTooLong       = windows.WSAEMSGSIZE
	errNoPermission  = windows.WSAEACCES
	errNoSuchOption  = windows.WSAENOPROTOOPT
)

// What await waits for.
const (
	readable = 1 << iota
	writable
	failed
)

type socketSet struct {
	count   uint32
	sockets [64]windows.Handle
}

func setOf(fd int) *socketSet {
	return &socketSet{count: 1, sockets: [64]windows.Handle{windows.Handle(fd)}}
}

var (
	winsock     = windows.NewLazySystemDLL("ws2_32.dll")
	kernel      = windows.NewLazySystemDLL("kernel32.dll")
	selectCall  = winsock.NewProc("select")
	handleFlags = kernel.NewProc("GetHandleInformation")
)

// await waits until fd is ready, on the spec's own time. A failed connect is an
// exception, whatever was asked for.
func await(fd int, events int) {
	GinkgoHelper()
	deadline := time.Now().Add(waitLimit)
	for time.Now().Before(deadline) {
		second := &windows.Timeval{Sec: 1}
		var reads, writes *socketSet
		if events&readable != 0 {
			reads = setOf(fd)
		}
		if events&writable != 0 {
			writes = setOf(fd)
		}
		n, _, err := selectCall.Call(0, uintptr(unsafe.Pointer(reads)), uintptr(unsafe.Pointer(writes)),
			uintptr(unsafe.Pointer(setOf(fd))), uintptr(unsafe.Pointer(second)))
		Expect(int32(n)).To(BeNumerically(">=", 0), "%v", err)
		if n > 0 {
			return
		}
	}
	Fail("descriptor did not become ready")
}

// openDescriptors counts what a descriptor of ours can be: sockets, pipes, files.
// The count of all handles would be of no use, because Go's threads open and close
// events and threads as they like, and under Wine it is zero. Handles are dense: a
// long gap is the end.
func openDescriptors() (open int) {
	const gap = 4 * 256
	for h, last := windows.Handle(4), windows.Handle(0); h < last+gap; h += 4 {
		var flags uint32
		if is, _, _ := handleFlags.Call(uintptr(h), uintptr(unsafe.Pointer(&flags))); is == 0 {
			continue
		}
		last = h
		if kind, _ := windows.GetFileType(h); kind != windows.FILE_TYPE_UNKNOWN {
			open++
		}
	}
	return open
}

// sayNoSocket matches what a call of sockets says of something else. The second is
// Wine's.
func sayNoSocket() types.GomegaMatcher {
	return Or(Equal(errNotSocket), Equal(windows.WSAEOPNOTSUPP))
}

// pipeEnds returns both ends of a pipe that can be watched.
func pipeEnds() (r, w int) {
	GinkgoHelper()
	r, w, err := platform.OverlappedPipe()
	Expect(err).NotTo(HaveOccurred())
	return overlappedEnd(r), overlappedEnd(w)
}

// overlappedEnd is closed with the spec. An end that is not overlapped would keep
// the spec waiting for ever.
func overlappedEnd(fd int) int {
	GinkgoHelper()
	Expect(platform.IsNonblocking(closing(fd))).To(BeTrue(), "overlapped")
	return fd
}

// expectOurs expects that fd is not inherited and, which can not be asked, that it
// does not wait.
func expectOurs(fd int) {
	GinkgoHelper()
	var flags uint32
	ok, _, err := handleFlags.Call(uintptr(fd), uintptr(unsafe.Pointer(&flags)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	Expect(flags&windows.HANDLE_FLAG_INHERIT).To(BeZero(), "inherited")
	received := make(chan error, 1)
	go func() { received <- failure(platform.Recv(fd, make([]byte, 1))) }()
	Eventually(received).WithTimeout(waitLimit).Should(Receive(HaveOccurred()), "receiving waits")
}

// deadPort is an address where nobody is, for a while at least: that a socket which
// is connected elsewhere has others refused is not documented.
func deadPort() platform.Sockaddr {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Bind(fd, loopback)).To(Succeed())
	name := localName(fd)
	Expect(platform.CloseFD(fd)).To(Succeed())
	return name
}
