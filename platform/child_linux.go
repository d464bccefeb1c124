package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// EndedChild looks for a child that has ended and is not reaped yet, and leaves
// it so: that of a process id, or, for 0, any. It returns its process id, 0 if
// there is none, and ECHILD if there is no such child at all. It never waits.
func EndedChild(pid int) (ended int, err error) {
	kind := unix.P_PID
	if pid == 0 {
		kind = unix.P_ALL
	}
	return peekChild(kind, pid)
}

// EndedPidFD is EndedChild for the process of a pidfd. That one is readable is
// not enough: while a tracer holds the process its parent can not reap it.
func EndedPidFD(fd int) (ended bool, err error) {
	pid, err := peekChild(unix.P_PIDFD, fd)
	return pid != 0, err
}

func peekChild(kind, id int) (ended int, err error) {
	var info unix.Siginfo
	if err := unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil {
		return 0, err
	}
	// Behind three ints comes a union, which is aligned as a pointer and begins
	// with si_pid (siginfo.h). It is zero if there was nothing to report.
	const threeInts, wordMask = 12, unsafe.Sizeof(uintptr(0)) - 1
	const union = (threeInts + wordMask) &^ wordMask
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), union))), nil
}
