//go:build unix

package platform

import "syscall"

// ReapChild takes the status of a child that has ended. It does not wait: ECHILD
// if the child is not there, EAGAIN if it still runs.
func ReapChild(pid int) (syscall.WaitStatus, error) {
	var status syscall.WaitStatus
	reaped, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
	for err == syscall.EINTR {
		reaped, err = syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
	}
	if err == nil && reaped == 0 {
		err = syscall.EAGAIN
	}
	return status, err
}
