package platform

import (
	"errors"

	"golang.org/x/sys/windows"
)

// errnoOf finds the error code in err.
func errnoOf(err error) windows.Errno {
	errno, _ := errors.AsType[windows.Errno](err)
	return errno
}

// WouldBlock reports that a non-blocking call found nothing to do: wait for
// readiness and try again.
func WouldBlock(err error) bool {
	return errnoOf(err) == windows.WSAEWOULDBLOCK
}

// IsInterrupted reports that the call was cut short: make it again.
func IsInterrupted(err error) bool {
	return errnoOf(err) == windows.WSAEINTR
}

// IsInProgress reports that a connect goes on in the background. Winsock says
// WSAEWOULDBLOCK where POSIX says EINPROGRESS; of a completion port it is
// ERROR_IO_PENDING.
func IsInProgress(err error) bool {
	switch errnoOf(err) {
	case windows.WSAEWOULDBLOCK, windows.WSAEINPROGRESS, windows.ERROR_IO_PENDING:
		return true
	}
	return false
}

// IsConnAborted reports that accept failed for one peer, which gave up before it
// was accepted. The listener is sound: accept the next one. AcceptEx says
// ERROR_NETNAME_DELETED for a reset.
func IsConnAborted(err error) bool {
	switch errnoOf(err) {
	case windows.WSAECONNABORTED, windows.WSAECONNRESET, windows.ERROR_NETNAME_DELETED, windows.WSAENETDOWN:
		return true
	}
	return false
}

// IsOutOfResources reports that the process or the system has run out of handles
// or memory.
func IsOutOfResources(err error) bool {
	switch errnoOf(err) {
	case windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY,
		windows.ERROR_NO_SYSTEM_RESOURCES, windows.ERROR_TOO_MANY_OPEN_FILES:
		return true
	}
	return false
}

// IsDisconnect reports that the other side has ended the connection, in one of
// the ways that a program can not prevent: reset, aborted, shut down, a broken
// pipe, or ERROR_NETNAME_DELETED, which is how an overlapped call says reset.
func IsDisconnect(err error) bool {
	switch errnoOf(err) {
	case windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAESHUTDOWN,
		windows.ERROR_NETNAME_DELETED, windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA:
		return true
	}
	return false
}

// IsNoBuffers reports WSAENOBUFS: there is no room for what was to be sent.
func IsNoBuffers(err error) bool { return errnoOf(err) == windows.WSAENOBUFS }

// IsRefused reports WSAECONNREFUSED: nobody is there.
func IsRefused(err error) bool { return errnoOf(err) == windows.WSAECONNREFUSED }
