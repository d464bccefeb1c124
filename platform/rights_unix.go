//go:build unix

package platform

import (
	"slices"

	"golang.org/x/sys/unix"
)

// SendFDs sends as much of b as a non-blocking Unix stream socket takes, with
// duplicates of fds attached to its first byte (unix(7), SCM_RIGHTS). If n > 0
// all of them are on their way; otherwise none is. b must not be empty, and fds
// not be more than MaxPassedFDs. The descriptors stay the caller's. ETOOMANYREFS
// means that too many are on their way already.
func SendFDs(fd int, b []byte, fds []int) (n int, err error) {
	rights := unix.UnixRights(fds...)
	for {
		n, err = unix.SendmsgN(fd, b, rights, nil, sendFlags)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// RecvFDs receives like Recv, and the descriptors that were attached to these
// bytes with them. They are the caller's, closed on exec; blocking or not as the
// sender has them. The kernel gives the bytes of one send with descriptors at
// most, so that fds belong to bytes of b. lost says that descriptors were
// dropped, for want of a free number for one.
func RecvFDs(fd int, b []byte) (n int, fds []int, lost bool, err error) {
	control := make([]byte, unix.CmsgSpace(MaxPassedFDs*4))
	n, size, flags, err := receiveControl(fd, b, control)
	if err != nil {
		return 0, nil, false, err
	}
	lost = flags&unix.MSG_CTRUNC != 0
	messages, err := unix.ParseSocketControlMessage(control[:size])
	if err != nil {
		return n, nil, true, nil // the bytes are there all the same
	}
	for _, m := range messages {
		if more, err := unix.ParseUnixRights(&m); err == nil {
			fds = slices.Concat(fds, more)
		}
	}
	return n, fds, lost, nil
}
