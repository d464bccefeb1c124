//go:build unix

package transports_test

import (
	"syscall"

	. "github.com/onsi/gomega"
)

// What this system says of a descriptor that is closed.
const (
	errClosed = syscall.EBADF
	errNoSuch = syscall.EBADF // instead of a socket
)

// beNoSocket matches what is said of a pipe that should be a socket.
func beNoSocket() OmegaMatcher { return MatchError(syscall.ENOTSOCK) }

// refuseSize is how a descriptor of no terminal answers to SetWindowSize.
func refuseSize() OmegaMatcher { return MatchError(syscall.EBADF) }
