package selector_test

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

const (
	errWouldBlock = windows.WSAEWOULDBLOCK
	pollTellsEnd  = false
)

// The first socket loads Winsock's providers, which keep handles of their own.
var _ = BeforeSuite(func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	Expect(l.Close()).To(Succeed())
})

// descriptors returns the open sockets among the handles that any spec comes to
// use. Other handles come and go with the runtime's threads.
func descriptors() []int {
	var open []int
	for fd := 4; fd < 1<<13; fd += 4 {
		if _, err := platform.SocketType(fd); err == nil {
			open = append(open, fd)
		}
	}
	return open
}

func read(fd int, b []byte) (int, error)  { return platform.Recv(fd, b) }
func write(fd int, b []byte) (int, error) { return platform.Send(fd, b) }
func closeFD(fd int) error                { return windows.Closesocket(windows.Handle(fd)) }
func shutdownWrite(fd int) error          { return platform.ShutdownWrite(fd) }

func sendUrgent(fd int) error {
	b, sent := []byte("!"), uint32(0)
	return windows.WSASend(windows.Handle(fd), &windows.WSABuf{Len: 1, Buf: &b[0]}, 1, &sent, windows.MSG_OOB, nil, nil)
}

// resetOnClose makes the close of a TCP socket a reset.
func resetOnClose(fd int) error { return platform.SetLingerReset(fd) }

func isInherited(fd int) bool {
	GinkgoHelper()
	var flags uint32
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
	ok, _, err := proc.Call(uintptr(fd), uintptr(unsafe.Pointer(&flags)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	return flags&windows.HANDLE_FLAG_INHERIT != 0
}

// socketPair is a connection over loopback.
func socketPair() (a, b int, err error) {
	l, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	if err != nil {
		return -1, -1, err
	}
	defer closeFD(l)
	address := platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0"))
	if err = platform.Bind(l, address); err == nil {
		err = platform.Listen(l, 1)
	}
	if err == nil {
		address, err = platform.LocalName(l)
	}
	if err != nil {
		return -1, -1, err
	}
	return connectTo(l, address)
}

// connectTo connects to a listener of which nobody else knows.
func connectTo(l int, address platform.Sockaddr) (a, b int, err error) {
	a, err = platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	if err != nil {
		return -1, -1, err
	}
	if err = platform.Connect(a, address); err == nil || platform.IsInProgress(err) {
		for until := time.Now().Add(patient); ; runtime.Gosched() {
			b, _, err = platform.Accept(l)
			if !platform.WouldBlock(err) || time.Now().After(until) {
				break
			}
		}
	}
	if err != nil {
		return -1, -1, errors.Join(err, closeFD(a))
	}
	return a, b, nil
}

// There is one sort of connection to watch, and nothing else.
var (
	connections = []TableEntry{Entry("on TCP", bounded, newTCPPair)}
	pipes       = []TableEntry{}
)
