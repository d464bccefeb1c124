//go:build linux || freebsd || netbsd || openbsd || dragonfly

package platform

import "golang.org/x/sys/unix"

func pipe() (ends [2]int, err error) {
	err = unix.Pipe2(ends[:], unix.O_CLOEXEC)
	return ends, err
}
