//go:build (freebsd || netbsd || dragonfly) && (amd64 || arm64 || riscv64)

package platform

import "syscall"

// EndedChild looks for a child that has ended and is not reaped yet, and leaves
// it so: that of a process id, or, for 0, any. It returns its process id, 0 if
// there is none, and ECHILD if there is no such child at all. It never waits.
func EndedChild(pid int) (ended int, err error) {
	kind := uintptr(idIsPID)
	if pid == 0 {
		kind = idIsAny
	}
	r, _, errno := syscall.Syscall6(syscall.SYS_WAIT6, kind, uintptr(pid), 0,
		syscall.WEXITED|syscall.WNOHANG|syscall.WNOWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}
