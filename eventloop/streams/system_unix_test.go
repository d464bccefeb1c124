//go:build unix

package streams_test

import (
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// perKindHere are the specs of what only this system has.
var perKindHere = []func(kind string){unixSpecs}

// What this system says.
const (
	errReset   = syscall.ECONNRESET
	errRefused = syscall.ECONNREFUSED
	errNobody  = syscall.ECONNREFUSED // of a datagram's receiver
	errInUse   = syscall.EADDRINUSE
	errTooLong = syscall.EMSGSIZE
)

// crowd is how many connections are many.
const crowd = 1000

// The runtime's poller opens its own descriptors at first use and keeps them.
var _ = BeforeSuite(func() {
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Close()).To(Succeed())
	Expect(w.Close()).To(Succeed())
})

// descriptors returns the open ones among the first 4096.
func descriptors() []int {
	var open []int
	for fd := range 4096 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = append(open, fd)
		}
	}
	return open
}

// readReset matches what a Read says of a reset.
func readReset(string) OmegaMatcher { return opError("read", errReset) }

// hearReset waits for nothing: a reset is heard of without the program's doing.
func hearReset(string, *streams.Conn) {}

// needUnreachable is for specs in which a datagram's receiver is not there.
func needUnreachable() {}
