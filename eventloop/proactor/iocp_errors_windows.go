package proactor

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// errno is what an operation has failed with, zero if it has not.
func (o *operation) errno(ofPipe bool) windows.Errno {
	errno := o.refused
	if errno == 0 {
		errno = statusError(windows.NTStatus(uint32(o.Internal)))
	}
	if ofPipe {
		return pipeError(errno)
	}
	return socketError(errno)
}

// statusError is the error that a status stands for; zero for those of success.
func statusError(s windows.NTStatus) windows.Errno {
	const warning = 0x80000000
	switch {
	case s < warning:
		return 0
	case s == windows.STATUS_CANCELLED, s == windows.STATUS_HANDLES_CLOSED:
		return windows.ERROR_OPERATION_ABORTED
	}
	return s.Errno()
}

// pipeError is ECANCELED where the system says so in its own words.
func pipeError(errno windows.Errno) windows.Errno {
	if errno == windows.ERROR_OPERATION_ABORTED {
		return syscall.ECANCELED
	}
	return errno
}

// socketError is pipeError for sockets, whose errors overlapped calls tell in the
// words of files.
func socketError(errno windows.Errno) windows.Errno {
	for _, e := range socketErrors {
		if e.file == errno {
			return e.socket
		}
	}
	return errno
}

var socketErrors = []struct{ file, socket windows.Errno }{
	{windows.ERROR_OPERATION_ABORTED, syscall.ECANCELED},
	{windows.ERROR_NETNAME_DELETED, windows.WSAECONNRESET},
	{windows.ERROR_PORT_UNREACHABLE, windows.WSAECONNRESET},
	{windows.ERROR_UNEXP_NET_ERR, windows.WSAECONNRESET},
	{windows.ERROR_CONNECTION_ABORTED, windows.WSAECONNABORTED},
	{windows.ERROR_CONNECTION_REFUSED, windows.WSAECONNREFUSED},
	{windows.ERROR_NETWORK_UNREACHABLE, windows.WSAENETUNREACH},
	{windows.ERROR_PROTOCOL_UNREACHABLE, windows.WSAENETUNREACH},
	{windows.ERROR_HOST_UNREACHABLE, windows.WSAEHOSTUNREACH},
	{windows.ERROR_SEM_TIMEOUT, windows.WSAETIMEDOUT},
	{windows.ERROR_INVALID_NETNAME, windows.WSAEADDRNOTAVAIL},
	{windows.ERROR_ADDRESS_NOT_ASSOCIATED, windows.WSAEADDRNOTAVAIL},
	{windows.ERROR_ADDRESS_ALREADY_ASSOCIATED, windows.WSAEADDRINUSE},
	{windows.ERROR_CONNECTION_ACTIVE, windows.WSAEISCONN},
	{windows.ERROR_CONNECTION_INVALID, windows.WSAENOTCONN},
	{windows.ERROR_GRACEFUL_DISCONNECT, windows.WSAEDISCON},
	{windows.ERROR_PIPE_NOT_CONNECTED, windows.WSAESHUTDOWN},
	{windows.ERROR_NO_SYSTEM_RESOURCES, windows.WSAENOBUFS},
	{windows.ERROR_NOT_ENOUGH_MEMORY, windows.WSAENOBUFS},
	{windows.ERROR_NOT_ENOUGH_QUOTA, windows.WSAENOBUFS},
	{windows.ERROR_WORKING_SET_QUOTA, windows.WSAENOBUFS},
	{windows.ERROR_COMMITMENT_LIMIT, windows.WSAENOBUFS},
	{windows.ERROR_TOO_MANY_OPEN_FILES, windows.WSAEMFILE},
	{windows.ERROR_NOT_SUPPORTED, windows.WSAEOPNOTSUPP},
}

// errnoOf is the number in an error of a call, zero if there is none.
func errnoOf(err error) windows.Errno {
	if errno, ok := err.(windows.Errno); ok || err == nil {
		return errno
	}
	if errno, ok := errors.AsType[windows.Errno](err); ok {
		return errno
	}
	return windows.ERROR_GEN_FAILURE
}
