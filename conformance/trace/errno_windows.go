package trace

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/windows"
)

// errnoName gives an error of Windows the name that the same event has on Unix,
// so that one golden does for both. Sockets have codes of their own; overlapped
// calls and pipes those of the kernel.
func errnoName(errno syscall.Errno) string {
	for _, e := range errnos {
		for _, code := range e.codes {
			if code == errno {
				return e.name
			}
		}
	}
	return fmt.Sprintf("errno%d", int(errno))
}

// errnos begin with the code that package syscall has invented for the name.
var errnos = []struct {
	name  string
	codes []windows.Errno
}{
	{"ECONNRESET", []windows.Errno{syscall.ECONNRESET, windows.WSAECONNRESET, windows.ERROR_NETNAME_DELETED}},
	{"ECONNABORTED", []windows.Errno{syscall.ECONNABORTED, windows.WSAECONNABORTED, windows.ERROR_CONNECTION_ABORTED}},
	{"ECONNREFUSED", []windows.Errno{syscall.ECONNREFUSED, windows.WSAECONNREFUSED, windows.ERROR_CONNECTION_REFUSED}},
	{"EADDRINUSE", []windows.Errno{syscall.EADDRINUSE, windows.WSAEADDRINUSE, windows.ERROR_ADDRESS_ALREADY_ASSOCIATED}},
	{"EADDRNOTAVAIL", []windows.Errno{syscall.EADDRNOTAVAIL, windows.WSAEADDRNOTAVAIL}},
	{"ENETUNREACH", []windows.Errno{syscall.ENETUNREACH, windows.WSAENETUNREACH, windows.ERROR_NETWORK_UNREACHABLE}},
	{"ENOTSUP", []windows.Errno{syscall.ENOTSUP}},
	{"EOPNOTSUPP", []windows.Errno{syscall.EOPNOTSUPP, windows.WSAEOPNOTSUPP}},
	{"ENOTCONN", []windows.Errno{syscall.ENOTCONN, windows.WSAENOTCONN}},
	{"ENOTSOCK", []windows.Errno{syscall.ENOTSOCK, windows.WSAENOTSOCK}},
	{"EMSGSIZE", []windows.Errno{syscall.EMSGSIZE, windows.WSAEMSGSIZE}},
	{"EMFILE", []windows.Errno{syscall.EMFILE, windows.WSAEMFILE, windows.ERROR_TOO_MANY_OPEN_FILES}},
	{"EBADF", []windows.Errno{syscall.EBADF, windows.ERROR_INVALID_HANDLE}},
	{"EINVAL", []windows.Errno{syscall.EINVAL, windows.WSAEINVAL}},
	{"EPIPE", []windows.Errno{
		syscall.EPIPE, windows.WSAESHUTDOWN,
		windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED,
	}},
	{"ESRCH", []windows.Errno{syscall.ESRCH}},
	{"ENOENT", []windows.Errno{syscall.ENOENT, windows.ERROR_PATH_NOT_FOUND}},
	{"ETIMEDOUT", []windows.Errno{syscall.ETIMEDOUT, windows.WSAETIMEDOUT}},
}
