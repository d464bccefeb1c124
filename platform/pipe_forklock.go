//go:build unix && !linux && !freebsd && !netbsd && !openbsd && !dragonfly

package platform

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe holds the fork lock because macOS has no pipe2: between pipe and fcntl a
// child could inherit the ends.
func pipe() (ends [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err = unix.Pipe(ends[:]); err != nil {
		return ends, err
	}
	unix.CloseOnExec(ends[0])
	unix.CloseOnExec(ends[1])
	return ends, nil
}
