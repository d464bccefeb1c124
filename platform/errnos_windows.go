package platform

import "golang.org/x/sys/windows"

// What this module itself says of a connection or a datagram, by this system's
// number: on Windows that is Winsock's, which programs compare with, and not the
// one that package syscall has invented for the POSIX name.
const (
	ECONNABORTED = windows.WSAECONNABORTED
	ECONNRESET   = windows.WSAECONNRESET
	EMSGSIZE     = windows.WSAEMSGSIZE
)
