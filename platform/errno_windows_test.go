package platform_test

import (
	. "github.com/onsi/ginkgo/v2"
	"golang.org/x/sys/windows"
)

var _ = Describe("an errno of Windows", func() {
	DescribeTable("means what POSIX's does", expectMeaning,
		Entry("WSAEWOULDBLOCK, which is also how Winsock says EINPROGRESS", windows.WSAEWOULDBLOCK, "WouldBlock", "IsInProgress"),
		Entry("WSAEINPROGRESS", windows.WSAEINPROGRESS, "IsInProgress"),
		Entry("ERROR_IO_PENDING", windows.ERROR_IO_PENDING, "IsInProgress"),
		Entry("WSAEINTR", windows.WSAEINTR, "IsInterrupted"),
		Entry("WSAEMFILE", windows.WSAEMFILE, "IsOutOfResources"),
		Entry("ERROR_TOO_MANY_OPEN_FILES", windows.ERROR_TOO_MANY_OPEN_FILES, "IsOutOfResources"),
		Entry("ERROR_NOT_ENOUGH_MEMORY", windows.ERROR_NOT_ENOUGH_MEMORY, "IsOutOfResources"),
		Entry("ERROR_NO_SYSTEM_RESOURCES", windows.ERROR_NO_SYSTEM_RESOURCES, "IsOutOfResources"),
		Entry("ERROR_NOT_ENOUGH_QUOTA", windows.ERROR_NOT_ENOUGH_QUOTA, "IsOutOfResources"),
		Entry("WSAENOBUFS", windows.WSAENOBUFS, "IsOutOfResources", "IsNoBuffers"),
		Entry("WSAECONNRESET", windows.WSAECONNRESET, "IsDisconnect", "IsConnAborted"),
		Entry("ERROR_NETNAME_DELETED", windows.ERROR_NETNAME_DELETED, "IsDisconnect", "IsConnAborted"),
		Entry("WSAECONNABORTED", windows.WSAECONNABORTED, "IsDisconnect", "IsConnAborted"),
		Entry("ERROR_CONNECTION_ABORTED", windows.ERROR_CONNECTION_ABORTED, "IsDisconnect", "IsConnAborted"),
		Entry("WSAESHUTDOWN", windows.WSAESHUTDOWN, "IsDisconnect"),
		Entry("ERROR_BROKEN_PIPE", windows.ERROR_BROKEN_PIPE, "IsDisconnect"),
		Entry("ERROR_NO_DATA", windows.ERROR_NO_DATA, "IsDisconnect"),
		Entry("ERROR_PIPE_NOT_CONNECTED", windows.ERROR_PIPE_NOT_CONNECTED, "IsDisconnect"),
		Entry("WSAEHOSTUNREACH", windows.WSAEHOSTUNREACH, "IsConnAborted"),
		Entry("WSAENETDOWN", windows.WSAENETDOWN, "IsConnAborted"),
		Entry("WSAECONNREFUSED", windows.WSAECONNREFUSED, "IsRefused"),
		Entry("ERROR_CONNECTION_REFUSED", windows.ERROR_CONNECTION_REFUSED, "IsRefused"),
		Entry("WSAENOTCONN, which Wine says of an accepted peer that is gone", windows.WSAENOTCONN, "IsNotConnected", "IsConnAborted"),
		Entry("WSAEAFNOSUPPORT", windows.WSAEAFNOSUPPORT, "IsAddrUnavailable"),
		Entry("WSAEADDRNOTAVAIL", windows.WSAEADDRNOTAVAIL, "IsAddrUnavailable"),
		Entry("ERROR_PIPE_BUSY", windows.ERROR_PIPE_BUSY, "IsPipeBusy"),
		Entry("WSAEOPNOTSUPP, which a socket that does not listen gives for ever", windows.WSAEOPNOTSUPP),
		Entry("WSAENOTSOCK", windows.WSAENOTSOCK),
		Entry("ERROR_INVALID_HANDLE", windows.ERROR_INVALID_HANDLE),
		Entry("WSAEMSGSIZE", windows.WSAEMSGSIZE),
		Entry("ERROR_OPERATION_ABORTED, which a Cancel ends a call with", windows.ERROR_OPERATION_ABORTED),
	)
})
