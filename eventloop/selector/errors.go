package selector

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknownMechanism is what New returns for a name that is no mechanism's
	// on any system.
	ErrUnknownMechanism = errors.New("selector: no such mechanism")

	// ErrTooManyDescriptors is what select's Add returns on Windows for the 513th
	// socket. There the sets are lists, and no number is too large for them.
	ErrTooManyDescriptors = errors.New("selector: select takes at most 512 sockets on Windows")

	// ErrDescriptorTooLarge is what select's Add returns on Unix for a descriptor
	// whose number has no place in its sets: FD_SETSIZE and above, which is 1024
	// on most systems, however few are registered. New returns it too if the
	// numbers below are all taken, so that select's own descriptors do not fit.
	// epoll, kqueue and poll have no such limit. See select(2).
	ErrDescriptorTooLarge = errors.New("selector: descriptor number too large for select")
)

// refused names what was asked for; errors.Is finds the errno in it.
func refused(op string, fd int, err error) error {
	return fmt.Errorf("selector: %s descriptor %d: %w", op, fd, err)
}
