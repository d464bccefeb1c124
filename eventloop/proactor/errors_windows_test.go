package proactor_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

var _ = DescribeTable("the error of a socket",
	func(status windows.NTStatus, want windows.Errno) {
		Expect(proactor.SocketError(proactor.StatusError(status))).To(Equal(want))
	},
	Entry("that succeeds", windows.STATUS_SUCCESS, windows.Errno(0)),
	Entry("that is still at it", windows.STATUS_PENDING, windows.Errno(0)),
	Entry("that is cancelled", windows.STATUS_CANCELLED, syscall.ECANCELED),
	Entry("that was closed, in Wine's words", windows.STATUS_HANDLES_CLOSED, syscall.ECANCELED),
	Entry("that is reset", windows.STATUS_CONNECTION_RESET, windows.WSAECONNRESET),
	Entry("whose peer has gone", windows.STATUS_REMOTE_DISCONNECT, windows.WSAECONNRESET),
	Entry("that is aborted", windows.STATUS_CONNECTION_ABORTED, windows.WSAECONNABORTED),
	Entry("that is refused", windows.STATUS_CONNECTION_REFUSED, windows.WSAECONNREFUSED),
	Entry("whose network is out of reach", windows.STATUS_NETWORK_UNREACHABLE, windows.WSAENETUNREACH),
	Entry("whose host is out of reach", windows.STATUS_HOST_UNREACHABLE, windows.WSAEHOSTUNREACH),
	Entry("whose port is out of reach", windows.STATUS_PORT_UNREACHABLE, windows.WSAECONNRESET),
	Entry("that has waited too long", windows.STATUS_IO_TIMEOUT, windows.WSAETIMEDOUT),
	Entry("whose address is nobody's", windows.STATUS_INVALID_ADDRESS_COMPONENT, windows.WSAEADDRNOTAVAIL),
	Entry("that finds no memory", windows.STATUS_INSUFFICIENT_RESOURCES, windows.WSAENOBUFS),
	Entry("that finds no memory to lock", windows.STATUS_QUOTA_EXCEEDED, windows.WSAENOBUFS),
	Entry("that is not connected", windows.STATUS_CONNECTION_INVALID, windows.WSAENOTCONN),
	Entry("that is connected already", windows.STATUS_CONNECTION_ACTIVE, windows.WSAEISCONN),
	Entry("that no table has", windows.STATUS_ACCESS_DENIED, windows.ERROR_ACCESS_DENIED),
)
