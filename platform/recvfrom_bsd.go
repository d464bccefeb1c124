//go:build unix && !linux

package platform

import "golang.org/x/sys/unix"

// RecvFrom receives one datagram into b from a non-blocking socket, with its
// sender: a Unix address without a name if that has none, the zero Sockaddr for
// a stream. What does not fit is lost. EINTR is retried inside.
func RecvFrom(fd int, b []byte) (int, Sockaddr, error) {
	for {
		n, from, err := unix.Recvfrom(fd, b, unix.MSG_DONTWAIT)
		switch err {
		case nil:
			return n, fromUnix(from), nil
		case unix.EINTR:
		default:
			return 0, Sockaddr{}, err
		}
	}
}
