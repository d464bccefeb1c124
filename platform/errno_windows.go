package platform

import (
	"errors"
	"slices"
	"syscall"

	"golang.org/x/sys/windows"
)

// One thing has up to three numbers here: Winsock's, the kernel's for the same
// event in an overlapped call, and the one that Go's package syscall has invented
// for the POSIX name, which contracts of this module use where a mechanism speaks
// to its driver.

// errnoOf finds the error code in err. The bare one, which all calls of this
// package return, is looked at first: errors.As costs ten times as much.
func errnoOf(err error) windows.Errno {
	if errno, ok := err.(windows.Errno); ok {
		return errno
	}
	errno, _ := errors.AsType[windows.Errno](err)
	return errno
}

// WouldBlock reports that a non-blocking call found nothing to do: wait for
// readiness and try again.
func WouldBlock(err error) bool {
	switch errnoOf(err) {
	case windows.WSAEWOULDBLOCK, syscall.EAGAIN, syscall.EWOULDBLOCK:
		return true
	}
	return false
}

// IsInterrupted reports that the call was cut short: make it again.
func IsInterrupted(err error) bool {
	errno := errnoOf(err)
	return errno == windows.WSAEINTR || errno == syscall.EINTR
}

// IsInProgress reports that a connect goes on in the background. Winsock says
// WSAEWOULDBLOCK where POSIX says EINPROGRESS; of a completion port it is
// ERROR_IO_PENDING.
func IsInProgress(err error) bool {
	switch errnoOf(err) {
	case windows.WSAEWOULDBLOCK, windows.WSAEINPROGRESS, windows.ERROR_IO_PENDING, syscall.EINPROGRESS:
		return true
	}
	return false
}

// IsConnAborted reports that accept failed for one peer, which gave up before it
// was accepted or could not be reached any more. The listener is sound: accept
// the next one. AcceptEx says ERROR_NETNAME_DELETED for a reset.
func IsConnAborted(err error) bool {
	return slices.Contains(peerErrnos, errnoOf(err))
}

// IsOutOfResources reports that the process or the system has run out of handles
// or memory.
func IsOutOfResources(err error) bool {
	return slices.Contains(scarceErrnos, errnoOf(err))
}

// IsDisconnect reports that the other side has ended the connection, in one of
// the ways that a program can not prevent: reset, aborted, shut down, a broken
// pipe, or ERROR_NETNAME_DELETED, which is how an overlapped call says reset. Of
// pipes ERROR_NO_DATA is a write after the reader has gone, and
// ERROR_PIPE_NOT_CONNECTED one after the server has disconnected its client.
func IsDisconnect(err error) bool {
	return slices.Contains(disconnectErrnos, errnoOf(err))
}

// IsNoBuffers reports WSAENOBUFS: there is no room for what was to be sent.
func IsNoBuffers(err error) bool {
	errno := errnoOf(err)
	return errno == windows.WSAENOBUFS || errno == syscall.ENOBUFS
}

// IsRefused reports WSAECONNREFUSED: nobody is there.
func IsRefused(err error) bool {
	switch errnoOf(err) {
	case windows.WSAECONNREFUSED, windows.ERROR_CONNECTION_REFUSED, syscall.ECONNREFUSED:
		return true
	}
	return false
}

// IsNotConnected reports WSAENOTCONN: the socket has no peer, or none any more.
func IsNotConnected(err error) bool {
	errno := errnoOf(err)
	return errno == windows.WSAENOTCONN || errno == syscall.ENOTCONN
}

// IsAddrUnavailable reports that this machine has not the family of an address, or
// not the address: WSAEAFNOSUPPORT, WSAEADDRNOTAVAIL.
func IsAddrUnavailable(err error) bool {
	switch errnoOf(err) {
	case windows.WSAEAFNOSUPPORT, windows.WSAEADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EADDRNOTAVAIL:
		return true
	}
	return false
}

// WSAEOPNOTSUPP is left out of the first: it also says that a socket does not
// listen, and retrying that would spin.
var (
	peerErrnos = []windows.Errno{
		windows.WSAECONNABORTED, windows.WSAECONNRESET, windows.WSAENETDOWN, windows.WSAENETRESET,
		windows.WSAENETUNREACH, windows.WSAEHOSTDOWN, windows.WSAEHOSTUNREACH,
		windows.WSAENOTCONN, // of a peer that has reset its connection already, under Wine
		windows.ERROR_NETNAME_DELETED, windows.ERROR_CONNECTION_ABORTED,
		windows.ERROR_NETWORK_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE,
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPROTO, syscall.ENETDOWN, syscall.ENOPROTOOPT,
		syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	}
	scarceErrnos = []windows.Errno{
		windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_TOO_MANY_OPEN_FILES,
		windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_OUTOFMEMORY, windows.ERROR_NO_SYSTEM_RESOURCES,
		windows.ERROR_NOT_ENOUGH_QUOTA, windows.ERROR_WORKING_SET_QUOTA, windows.ERROR_COMMITMENT_LIMIT,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	}
	disconnectErrnos = []windows.Errno{
		windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAESHUTDOWN,
		windows.ERROR_NETNAME_DELETED, windows.ERROR_CONNECTION_ABORTED,
		windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED,
		syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.ESHUTDOWN,
	}
)
