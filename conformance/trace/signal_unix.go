//go:build unix

package trace

import (
	"os"
	"syscall"
)

// The signals that scenarios and driver send; nobody else has a use for them.
const (
	SIGUSR1 = syscall.SIGUSR1
	SIGUSR2 = syscall.SIGUSR2
	SIGSTOP = syscall.SIGSTOP
)

// Raise sends a signal to the process itself.
func Raise(sig syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(err)
	}
}
