package platform

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioUringParams has the size of struct io_uring_params; the probe leaves all of
// it zero and does not look at what the kernel fills in.
type ioUringParams [120]byte

func probeIOUring() error {
	var params ioUringParams
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno == 0 {
		return unix.Close(int(fd))
	}
	// The file is missing before Linux 6.6; the errno says enough then.
	sysctl, _ := os.ReadFile("/proc/sys/kernel/io_uring_disabled")
	return ioUringRefusal(errno, strings.TrimSpace(string(sysctl)))
}

// ioUringRefusal puts io_uring_setup's errno into words, with the help of the
// sysctl: 1 reserves io_uring for privileged processes and a group, 2 forbids it
// to all (Documentation/admin-guide/sysctl/kernel.rst). Filters answer EPERM or
// ENOSYS as their author liked.
func ioUringRefusal(errno unix.Errno, sysctl string) error {
	switch {
	case errno == unix.EPERM && (sysctl == "1" || sysctl == "2"):
		return fmt.Errorf("the sysctl kernel.io_uring_disabled=%s forbids io_uring: %w", sysctl, errno)
	case errno == unix.EPERM || errno == unix.EACCES:
		return fmt.Errorf("a seccomp filter or security module forbids io_uring: %w", errno)
	case errno == unix.ENOSYS:
		return fmt.Errorf("the kernel or a seccomp filter has no io_uring: %w", errno)
	}
	return fmt.Errorf("io_uring_setup fails: %w", errno)
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
