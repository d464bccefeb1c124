package platform_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var predicates = map[string]func(error) bool{
	"WouldBlock":        platform.WouldBlock,
	"IsInterrupted":     platform.IsInterrupted,
	"IsInProgress":      platform.IsInProgress,
	"IsConnAborted":     platform.IsConnAborted,
	"IsOutOfResources":  platform.IsOutOfResources,
	"IsDisconnect":      platform.IsDisconnect,
	"IsNoBuffers":       platform.IsNoBuffers,
	"IsRefused":         platform.IsRefused,
	"IsNotConnected":    platform.IsNotConnected,
	"IsAddrUnavailable": platform.IsAddrUnavailable,
	"IsPipeBusy":        platform.IsPipeBusy,
}

func expectPredicates(err error, yes []string) {
	GinkgoHelper()
	for name, holds := range predicates {
		Expect(holds(err)).To(Equal(contains(yes, name)), "%s(%v)", name, err)
	}
}

// expectMeaning expects what predicates say of an errno, bare and wrapped.
func expectMeaning(errno syscall.Errno, yes ...string) {
	GinkgoHelper()
	expectPredicates(errno, yes)
	expectPredicates(os.NewSyscallError("accept", errno), yes)
	expectPredicates(fmt.Errorf("server: %w", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errno)}), yes)
}

// The POSIX names are there on every system: contracts between our layers are
// written in them, and on Windows their numbers are package syscall's own.
var _ = Describe("an errno", func() {
	DescribeTable("means the same bare and wrapped", expectMeaning,
		Entry("EAGAIN", syscall.EAGAIN, "WouldBlock"),
		Entry("EWOULDBLOCK", syscall.EWOULDBLOCK, "WouldBlock"),
		Entry("EINTR", syscall.EINTR, "IsInterrupted"),
		Entry("EINPROGRESS", syscall.EINPROGRESS, "IsInProgress"),
		Entry("EMFILE", syscall.EMFILE, "IsOutOfResources"),
		Entry("ENFILE", syscall.ENFILE, "IsOutOfResources"),
		Entry("ENOBUFS", syscall.ENOBUFS, "IsOutOfResources", "IsNoBuffers"),
		Entry("ENOMEM", syscall.ENOMEM, "IsOutOfResources"),
		Entry("EPIPE", syscall.EPIPE, "IsDisconnect"),
		Entry("ESHUTDOWN", syscall.ESHUTDOWN, "IsDisconnect"),
		Entry("ECONNRESET", syscall.ECONNRESET, "IsDisconnect", "IsConnAborted"),
		Entry("ECONNABORTED", syscall.ECONNABORTED, "IsDisconnect", "IsConnAborted"),
		Entry("EPROTO", syscall.EPROTO, "IsConnAborted"),
		Entry("EHOSTUNREACH", syscall.EHOSTUNREACH, "IsConnAborted"),
		Entry("ECONNREFUSED", syscall.ECONNREFUSED, "IsRefused"),
		Entry("ENOTCONN", syscall.ENOTCONN, "IsNotConnected"),
		Entry("EAFNOSUPPORT", syscall.EAFNOSUPPORT, "IsAddrUnavailable"),
		Entry("EADDRNOTAVAIL", syscall.EADDRNOTAVAIL, "IsAddrUnavailable"),
		Entry("EOPNOTSUPP, which a socket that does not listen gives for ever", syscall.EOPNOTSUPP),
		Entry("EINVAL", syscall.EINVAL),
		Entry("EBADF", syscall.EBADF),
	)

	It("is not found where there is none", func() {
		expectPredicates(nil, nil)
		expectPredicates(io.EOF, nil)
		expectPredicates(errors.New("resource temporarily unavailable"), nil)
	})
})
