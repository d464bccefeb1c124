package platform

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioUringParams has the shape of struct io_uring_params, of which the probe
// leaves all zero.
type ioUringParams struct {
	_        [5]uint32
	features uint32
	_        [24]uint32
}

// ioUringFeatures are what the loop does not do without, the last of which came
// with Linux 5.11: SINGLE_MMAP, NODROP, SUBMIT_STABLE, FAST_POLL and EXT_ARG.
const ioUringFeatures = 1<<0 | 1<<1 | 1<<2 | 1<<5 | 1<<8

func probeIOUring() error {
	var params ioUringParams
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return IOUringRefused("io_uring_setup", errno)
	}
	defer unix.Close(int(fd))
	if params.features&ioUringFeatures != ioUringFeatures {
		return errors.New("the kernel's io_uring is older than that of Linux 5.11")
	}
	return probeRing(fd)
}

// probeRing tries what else a loop calls: a filter may know three system calls.
func probeRing(fd uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, fd, 0, 0, 0, 0, 0); errno != 0 {
		return IOUringRefused("io_uring_enter", errno)
	}
	const registerProbe = 8
	var room [16 + 8]byte // the head of struct io_uring_probe, and one operation
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, fd, registerProbe,
		uintptr(unsafe.Pointer(&room)), 1, 0, 0); errno != 0 {
		return IOUringRefused("io_uring_register", errno)
	}
	return nil
}

// IOUringRefused puts into words why a system call of io_uring has failed: for
// who is refused although IOUring found nothing, because a filter was set since.
func IOUringRefused(call string, errno syscall.Errno) error {
	// The file is missing before Linux 6.6; the errno says enough then.
	sysctl, _ := os.ReadFile("/proc/sys/kernel/io_uring_disabled")
	return ioUringRefusal(call, errno, strings.TrimSpace(string(sysctl)))
}

// ioUringRefusal puts the errno of a system call into words, with the help of the
// sysctl: 1 reserves io_uring for privileged processes and a group, 2 forbids it
// to all (Documentation/admin-guide/sysctl/kernel.rst). Filters answer EPERM or
// ENOSYS as their author liked.
func ioUringRefusal(call string, errno unix.Errno, sysctl string) error {
	switch {
	case errno == unix.EPERM && (sysctl == "1" || sysctl == "2"):
		return fmt.Errorf("the sysctl kernel.io_uring_disabled=%s forbids io_uring: %w", sysctl, errno)
	case errno == unix.EPERM || errno == unix.EACCES:
		return fmt.Errorf("a seccomp filter or security module forbids io_uring: %w", errno)
	case errno == unix.ENOSYS:
		return fmt.Errorf("the kernel or a seccomp filter has no io_uring: %w", errno)
	}
	return fmt.Errorf("%s fails: %w", call, errno)
}

func probePidFD() error {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return pidFDRefusal("pidfd_open", err)
	}
	defer unix.Close(fd)
	// Nobody is his own child.
	if _, err := EndedPidFD(fd); err != unix.ECHILD {
		return pidFDRefusal("waitid of a pidfd", err)
	}
	if err := unix.PidfdSendSignal(fd, 0, nil, 0); err != nil {
		return pidFDRefusal("pidfd_send_signal", err)
	}
	return nil
}

// pidFDRefusal puts the errno of a system call into words.
func pidFDRefusal(call string, err error) error {
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("the kernel or a seccomp filter has no %s: %w", call, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("a seccomp filter forbids %s: %w", call, err)
	}
	return fmt.Errorf("%s fails: %w", call, err)
}
