package subprocess

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

var errNilProtocol = errors.New("the protocol factory returned nil")

// invalid is an error about an argument: os.ErrInvalid.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", os.ErrInvalid, fmt.Sprintf(format, args...))
}

// errGone is what a signal for a child gets that is over (contract L18).
func errGone() error {
	return fmt.Errorf("%w: %w", os.ErrProcessDone, os.NewSyscallError("kill", syscall.ESRCH))
}
