package platform

import "golang.org/x/sys/unix"

const sendFlags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL

func receiveControl(fd int, b, control []byte) (n, size, flags int, err error) {
	for {
		n, size, flags, _, err = unix.Recvmsg(fd, b, control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			return n, size, flags, err
		}
	}
}
