package tidemill_test

import (
	"sync"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/transports/conformance"
)

// countDescriptors counts the open sockets, pipes and files among the first
// handles. Events and threads are the runtime's, which makes them when it likes.
func countDescriptors() (open int) {
	for h := windows.Handle(4); h < 4*512; h += 4 {
		if kind, _ := windows.GetFileType(h); kind != windows.FILE_TYPE_UNKNOWN {
			open++
		}
	}
	return open
}

func setReceiveBuffer(fd uintptr, size int) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF, size)
}

var _ conformance.Translator = (*env)(nil)

// Errno implements conformance.Translator. Under Wine a reset that select has seen
// is an end of input for the receive behind it, as often as not.
func (e *env) Errno(posix syscall.Errno) error {
	if posix == syscall.ECONNRESET && e.kind == "select" && onWine() {
		return nil
	}
	return winsockErrno(posix)
}

// LateErrno implements conformance.Translator. Under Wine it may be an end of input
// for every receive that begins after it.
func (e *env) LateErrno(posix syscall.Errno) error {
	if posix == syscall.ECONNRESET && onWine() {
		return nil
	}
	return winsockErrno(posix)
}

// winsockErrno: there is no EPIPE, a send goes on saying that the peer has reset
// the connection.
func winsockErrno(posix syscall.Errno) error {
	switch posix {
	case syscall.ECONNRESET, syscall.EPIPE:
		return windows.WSAECONNRESET
	}
	return posix
}

// onWine asks for the function that Wine's ntdll has and the real one has not.
var onWine = sync.OnceValue(func() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
})
