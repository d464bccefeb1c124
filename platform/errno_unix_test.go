//go:build unix

package platform_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var predicates = map[string]func(error) bool{
	"WouldBlock":       platform.WouldBlock,
	"IsInterrupted":    platform.IsInterrupted,
	"IsInProgress":     platform.IsInProgress,
	"IsConnAborted":    platform.IsConnAborted,
	"IsOutOfResources": platform.IsOutOfResources,
	"IsDisconnect":     platform.IsDisconnect,
}

func expectPredicates(err error, yes []string) {
	GinkgoHelper()
	for name, holds := range predicates {
		Expect(holds(err)).To(Equal(contains(yes, name)), "%s(%v)", name, err)
	}
}

var _ = Describe("an errno", func() {
	DescribeTable("means the same bare and wrapped",
		func(errno unix.Errno, yes ...string) {
			expectPredicates(errno, yes)
			expectPredicates(os.NewSyscallError("accept", errno), yes)
			expectPredicates(fmt.Errorf("server: %w", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errno)}), yes)
		},
		Entry("EAGAIN", unix.EAGAIN, "WouldBlock"),
		Entry("EWOULDBLOCK", unix.EWOULDBLOCK, "WouldBlock"),
		Entry("EINTR", unix.EINTR, "IsInterrupted"),
		Entry("EINPROGRESS", unix.EINPROGRESS, "IsInProgress"),
		Entry("EMFILE", unix.EMFILE, "IsOutOfResources"),
		Entry("ENFILE", unix.ENFILE, "IsOutOfResources"),
		Entry("ENOBUFS", unix.ENOBUFS, "IsOutOfResources"),
		Entry("ENOMEM", unix.ENOMEM, "IsOutOfResources"),
		Entry("EPIPE", unix.EPIPE, "IsDisconnect"),
		Entry("ESHUTDOWN", unix.ESHUTDOWN, "IsDisconnect"),
		Entry("ECONNRESET", unix.ECONNRESET, "IsDisconnect", "IsConnAborted"),
		Entry("ECONNABORTED", unix.ECONNABORTED, "IsDisconnect", "IsConnAborted"),
		Entry("EPROTO", unix.EPROTO, "IsConnAborted"),
		Entry("EHOSTUNREACH", unix.EHOSTUNREACH, "IsConnAborted"),
		Entry("EOPNOTSUPP, which a socket that does not listen gives for ever", unix.EOPNOTSUPP),
		Entry("EINVAL", unix.EINVAL),
		Entry("EBADF", unix.EBADF),
	)

	It("is not found where there is none", func() {
		expectPredicates(nil, nil)
		expectPredicates(io.EOF, nil)
		expectPredicates(errors.New("resource temporarily unavailable"), nil)
	})
})
