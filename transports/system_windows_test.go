package transports_test

import (
	"errors"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"
)

// What this system says of a handle that is closed.
const (
	errClosed = windows.ERROR_INVALID_HANDLE
	errNoSuch = windows.WSAENOTSOCK // instead of a socket
)

// beNoSocket matches what is said of a pipe that should be a socket. Wine sends
// the question on to the pipe, which does not support it.
func beNoSocket() OmegaMatcher {
	return Or(MatchError(windows.WSAENOTSOCK), MatchError(windows.WSAEOPNOTSUPP))
}

// refuseSize is how anything answers to SetWindowSize: there are no PTYs.
func refuseSize() OmegaMatcher { return MatchError(errors.ErrUnsupported) }
