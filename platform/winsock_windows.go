package platform

import (
	"sync"
	"syscall"

	"golang.org/x/sys/windows"
)

// The calls of Winsock that golang.org/x/sys/windows has not, or only in a form
// that allocates.
var (
	ws2_32          = windows.NewLazySystemDLL("ws2_32.dll")
	procAccept      = ws2_32.NewProc("accept")
	procBind        = ws2_32.NewProc("bind")
	procConnect     = ws2_32.NewProc("connect")
	procGetpeername = ws2_32.NewProc("getpeername")
	procGetsockname = ws2_32.NewProc("getsockname")
	procGetsockopt  = ws2_32.NewProc("getsockopt")
	procRecv        = ws2_32.NewProc("recv")
	procRecvfrom    = ws2_32.NewProc("recvfrom")
	procSend        = ws2_32.NewProc("send")
	procSendto      = ws2_32.NewProc("sendto")
)

// What Winsock calls things that x/sys does not name.
const (
	fionbio           = 0x8004667e // ioctlsocket: non-blocking or not
	soAcceptConn      = 0x2
	soError           = 0x1007
	soType            = 0x1008
	soProtocolInfo    = 0x2005 // SO_PROTOCOL_INFOW
	maxCallLength     = 1<<31 - 1
	invalidSocket     = ^uintptr(0)
	winsockVersion2_2 = 0x0202
)

// startWinsock has to come before any other call of Winsock. It counts calls,
// package net makes its own, and nobody has to undo it before the process ends.
var startWinsock = sync.OnceValue(func() error {
	var data windows.WSAData
	return windows.WSAStartup(winsockVersion2_2, &data)
})

// Go puts an error into an interface without an allocation only if its number is
// below 256; Winsock's begin at 10000. The one that the fast path meets all the
// time is kept ready.
var errWouldBlock error = windows.WSAEWOULDBLOCK

// winsockResult reads the answer of a call that returns SOCKET_ERROR, an int of
// -1, if it fails.
func winsockResult(r uintptr, errno syscall.Errno) (int, error) {
	switch n := int32(r); {
	case n >= 0:
		return int(n), nil
	case errno == windows.WSAEWOULDBLOCK:
		return -1, errWouldBlock
	case errno == 0:
		return -1, windows.WSAEINVAL // never nil: the call has failed
	}
	return -1, errno
}

func handleOf(fd int) windows.Handle { return windows.Handle(uintptr(fd)) }

// isNumber keeps out what is no handle of anybody's. To the kernel the negative
// ones are names of the process and the thread themselves, which can be
// duplicated and closed.
func isNumber(fd int) bool { return fd > 0 }
