//go:build unix

package subprocess

import (
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// returnCode is the exit status, or minus the number of the signal that ended
// the child, also if it dumped core. A status that is neither is passed on as it
// is (contract L43).
func returnCode(state *os.ProcessState) int {
	return codeOf(state.Sys().(syscall.WaitStatus))
}

func codeOf(status syscall.WaitStatus) int {
	switch {
	case status.Exited():
		return status.ExitStatus()
	case status.Signaled():
		return -int(status.Signal())
	}
	return int(status)
}

// reapUnknown takes the status of a child that has ended and that no os.Process
// is known of.
func reapUnknown(pid int) (returnCode int, err error) {
	status, err := platform.ReapChild(pid)
	return codeOf(status), err
}
