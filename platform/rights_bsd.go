//go:build unix && !linux

package platform

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// SIGPIPE is ignored by Go's runtime for all descriptors but 1 and 2.
const sendFlags = unix.MSG_DONTWAIT

// receiveControl holds the fork lock because macOS has no MSG_CMSG_CLOEXEC:
// between recvmsg and fcntl a child could inherit the descriptors.
func receiveControl(fd int, b, control []byte) (n, size, flags int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for err = unix.EINTR; err == unix.EINTR; {
		n, size, flags, _, err = unix.Recvmsg(fd, b, control, unix.MSG_DONTWAIT)
	}
	if err != nil {
		return n, size, flags, err
	}
	messages, _ := unix.ParseSocketControlMessage(control[:size])
	for _, m := range messages {
		fds, _ := unix.ParseUnixRights(&m)
		for _, fd := range fds {
			unix.CloseOnExec(fd)
		}
	}
	return n, size, flags, nil
}
