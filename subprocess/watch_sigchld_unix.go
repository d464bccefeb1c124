//go:build unix

package subprocess

import (
	"syscall"

	"github.com/tidemill-go/tidemill/signals"
)

func listen(heard func()) (stop func()) {
	stop, err := signals.Watch(syscall.SIGCHLD, heard)
	if err != nil {
		panic(err) // every Unix has it, and it can be caught
	}
	return stop
}
