//go:build unix

package platform

import "golang.org/x/sys/unix"

// SendTo sends one datagram from a non-blocking socket, all of it or nothing;
// EMSGSIZE if it is too long. EINTR is retried inside.
func SendTo(fd int, b []byte, to Sockaddr) error {
	sa, err := to.toUnix()
	if err != nil {
		return err
	}
	for {
		if err := unix.Sendto(fd, b, unix.MSG_DONTWAIT, sa); err != unix.EINTR {
			return err
		}
	}
}
