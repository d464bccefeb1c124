//go:build darwin || freebsd

package platform

import "golang.org/x/sys/unix"

// solLocal is the level of options of Unix sockets; it has no name outside the
// kernel's headers.
const solLocal = 0

// PeerCredentials asks who connected a Unix stream socket, or listened for it
// (unix(4), LOCAL_PEERCRED). The process is not said.
func PeerCredentials(fd int) (Credentials, error) {
	c, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{UID: c.Uid, GID: c.Groups[0]}, nil
}
