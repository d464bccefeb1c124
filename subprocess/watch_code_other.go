//go:build !unix

package subprocess

import (
	"errors"
	"os"
)

// returnCode is the exit status.
func returnCode(state *os.ProcessState) int { return state.ExitCode() }

// The watchers that need these are refused by the platform's table.
func reapUnknown(int) (returnCode int, err error) { return 0, errors.ErrUnsupported }

func listen(func()) (stop func()) { return func() {} }
