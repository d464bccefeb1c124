package streams_test

import (
	"io"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// perKindHere are the specs of what only this system has.
var perKindHere = []func(kind string){unixRefusalSpecs}

// What this system says.
const (
	errReset   = windows.WSAECONNRESET
	errRefused = windows.WSAECONNREFUSED
	errNobody  = windows.WSAECONNRESET // of a datagram's receiver
	errInUse   = windows.WSAEADDRINUSE
	errTooLong = windows.WSAEMSGSIZE
)

// crowd is how many connections are many. Wine asks its one server for each of
// their operations.
const crowd = 300

// The first socket loads Winsock's providers, which keep handles of their own.
var _ = BeforeSuite(func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	Expect(l.Close()).To(Succeed())
})

// descriptors returns the handles of open sockets, pipes and files. Others come
// and go with the runtime's threads.
func descriptors() []int {
	var open []int
	for fd := 4; fd < 1<<12; fd += 4 {
		switch kind, _ := windows.GetFileType(windows.Handle(fd)); kind {
		case windows.FILE_TYPE_DISK, windows.FILE_TYPE_PIPE:
			open = append(open, fd)
		}
	}
	return open
}

// onWine reports whether this is Wine, whose server takes a socket's pending error
// when it looks for readiness, and tells it neither to receive nor to getsockopt.
func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

// readReset matches what a Read says of a reset.
func readReset(kind string) OmegaMatcher {
	if onWine() && kind == "select" {
		return Or(opError("read", errReset), MatchError(io.EOF))
	}
	return opError("read", errReset)
}

// hearReset makes a reset known by a send where a receive may call it the end.
func hearReset(kind string, c *streams.Conn) {
	if onWine() && kind == "select" {
		Eventually(func() error {
			_, err := c.Write([]byte("x"))
			return err
		}).WithTimeout(patient).Should(MatchError(errReset))
	}
}

// needUnreachable is for specs in which a datagram's receiver is not there.
func needUnreachable() {
	if onWine() {
		Skip("on Wine nothing becomes ready when a datagram's receiver is not there")
	}
}
