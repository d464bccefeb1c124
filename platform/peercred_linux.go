package platform

import "golang.org/x/sys/unix"

// PeerCredentials asks who connected a Unix stream socket, or listened for it.
// The ids are those of the caller's user namespace (unix(7), SO_PEERCRED).
func PeerCredentials(fd int) (Credentials, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{PID: int(c.Pid), UID: c.Uid, GID: c.Gid}, nil
}
