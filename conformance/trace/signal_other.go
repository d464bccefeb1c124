//go:build !unix

package trace

import "syscall"

// The signals that scenarios and driver send. This system has none of them, and
// its loops no handlers.
const (
	SIGUSR1 = syscall.Signal(10)
	SIGUSR2 = syscall.Signal(12)
	SIGSTOP = syscall.Signal(19)
)

// Raise panics: no process of this system can signal itself.
func Raise(syscall.Signal) {
	panic("trace: this system has no signals to send")
}
