//go:build unix

package subprocess

import (
	"os"
	"syscall"
)

// signal sends a signal, or returns os.ErrProcessDone.
func (t *Transport) signal(sig os.Signal) error {
	err := t.process.Signal(sig)
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError("kill", errno)
	}
	return err
}
