package trace_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// unknown is an error that README.md has no word for.
type unknown struct{}

func (unknown) Error() string { return "unknown" }

var _ = Describe("Kind", func() {
	DescribeTable("names",
		func(err error, want any) {
			if want == nil {
				Expect(trace.Kind(err)).To(BeNil())
				return
			}
			Expect(trace.Kind(err)).To(Equal(want))
			Expect(trace.Kind(fmt.Errorf("around: %w", err))).To(Equal(want))
		},
		Entry("no error", nil, nil),
		Entry("an errno in its wrapping", &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", syscall.ECONNRESET)}, "ECONNRESET"),
		Entry("an errno that is unsupported as well", syscall.ENOTSUP, "ENOTSUP"),
		Entry("an errno without a name", syscall.Errno(4000), "errno4000"),
		Entry("a scenario's own panic", &eventloop.PanicError{Value: trace.ErrBoom}, "Boom"),
		Entry("a cancellation", eventloop.ErrCancelled, "cancelled"),
		Entry("a context's cancellation", context.Canceled, "cancelled"),
		Entry("a context's time-out", context.DeadlineExceeded, "timeout"),
		Entry("another time-out", os.ErrDeadlineExceeded, "timeout"),
		Entry("a wrong state", eventloop.ErrInvalidState, "bad-state"),
		Entry("a running loop", eventloop.ErrLoopRunning, "bad-state"),
		Entry("a closed loop", eventloop.ErrLoopClosed, "bad-state"),
		Entry("no running loop", eventloop.ErrNoRunningLoop, "bad-state"),
		Entry("no loop", eventloop.ErrNoEventLoop, "bad-state"),
		Entry("marks that make no sense", protocols.ErrInvalidWatermarks, "bad-argument"),
		Entry("data after close_notify", protocols.ErrDataAfterClose, "tls"),
		Entry("what is no TLS", tls.RecordHeaderError{Msg: "no handshake"}, "tls"),
		Entry("a certificate that is refused", &tls.CertificateVerificationError{Err: errors.New("expired")}, "tls-cert"),
		Entry("an argument that makes no sense", os.ErrInvalid, "bad-argument"),
		Entry("an address that is none", &net.OpError{Op: "listen", Err: &net.AddrError{Err: "missing port"}}, "bad-argument"),
		Entry("several attempts that fail alike", &eventloop.ConnectError{Attempts: []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED}}, "ECONNREFUSED"),
		Entry("several attempts that fail differently", &eventloop.ConnectError{Attempts: []error{syscall.ECONNREFUSED, syscall.ENETUNREACH}}, "multiple"),
		Entry("an operation of the system that fails without an errno", &net.OpError{Op: "connect", Err: errors.New("no address")}, "os-error"),
		Entry("an end of input in the middle of something", &streams.IncompleteError{}, "incomplete"),
		Entry("a line that is too long", &streams.LimitError{}, "limit"),
		Entry("a name that can not be resolved", &net.DNSError{Err: "no such host"}, "resolve"),
		Entry("a refusal of the platform", &platform.UnsupportedError{Op: "x"}, "unsupported"),
	)

	It("has the type for an error without a word", func() {
		Expect(trace.Kind(unknown{})).To(Equal("trace_test.unknown"))
		Expect(trace.Kind(errors.New("x"))).To(Equal("*errors.errorString"))
	})
})
