//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector

import (
	"golang.org/x/sys/unix"
)

// admit is what poll and select check before they register a descriptor: their
// system calls see it only in the next Wait, too late to refuse it.
func admit(fd int, in Interest, own *wakePipe) error {
	switch {
	case !isOpen(fd):
		return refused("add", fd, unix.EBADF)
	case !in.watches() || own.owns(fd):
		return refused("add", fd, unix.EINVAL)
	}
	return nil
}

func isOpen(fd int) bool {
	if !isNumber(fd) {
		return false
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// isNumber reports whether fd can be a descriptor's number at all. The kernel
// looks at the lower 32 bits and would take another descriptor for it.
func isNumber(fd int) bool {
	return fd >= 0 && fd == int(int32(fd))
}
