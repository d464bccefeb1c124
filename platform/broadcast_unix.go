//go:build unix

package platform

import "golang.org/x/sys/unix"

// SetBroadcast lets a socket send to broadcast addresses: EACCES without it.
func SetBroadcast(fd int, on bool) error {
	return setBool(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, on)
}
