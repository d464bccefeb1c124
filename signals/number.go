package signals

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrUncatchable is the error of a signal that no program can handle.
var ErrUncatchable = errors.New("the signal cannot be caught")

// Number returns the signal as the system knows it. os.ErrInvalid for nil, for an
// os.Signal that is no syscall.Signal, and for a number that the system or Go's
// runtime does not have, or that the C library keeps for itself.
func Number(sig os.Signal) (syscall.Signal, error) {
	number, ok := sig.(syscall.Signal)
	switch {
	case !ok:
		return 0, fmt.Errorf("%w: a signal is a syscall.Signal, not %T", os.ErrInvalid, sig)
	case number < 1 || number > lastSignal || reserved(number):
		return 0, fmt.Errorf("%w: there is no signal %d", os.ErrInvalid, int(number))
	}
	return number, nil
}

// catchable is Number for handlers.
func catchable(sig os.Signal) (syscall.Signal, error) {
	number, err := Number(sig)
	if err != nil {
		return 0, err
	}
	if number == syscall.SIGKILL || uncatchable(number) {
		return 0, fmt.Errorf("%w: %v", ErrUncatchable, number)
	}
	return number, nil
}
