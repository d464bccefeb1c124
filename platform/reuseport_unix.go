//go:build unix && !solaris && !illumos

package platform

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// SetReusePort lets several sockets bind one address; before bind. Linux shares
// the load among them, most BSDs and macOS give it to the last. A kernel without
// the option (Linux before 3.9) is an *UnsupportedError.
func SetReusePort(fd int, on bool) error {
	err := setBool(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, on)
	if err != unix.ENOPROTOOPT {
		return err
	}
	return &UnsupportedError{
		Op:          string(ReusePort),
		OS:          runtime.GOOS,
		Reason:      "this kernel has no SO_REUSEPORT",
		Alternative: "one listening socket shared by all servers",
	}
}
