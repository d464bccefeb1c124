package subprocess

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// signal ends the child for SIGKILL and SIGTERM, and for os.Interrupt sends
// Ctrl-Break to the process group of one that leads its own: Ctrl-C can not be
// sent to a group that is not the caller's. It returns os.ErrProcessDone for a
// child that has ended, and *platform.UnsupportedError for all other signals.
func (t *Transport) signal(sig os.Signal) error {
	switch {
	case sig == os.Kill || sig == syscall.SIGTERM:
		return t.withProcess("TerminateProcess", func(handle windows.Handle) error {
			return windows.TerminateProcess(handle, 1) // the exit code that others use, too
		})
	case sig == os.Interrupt && t.ownGroup:
		return t.withProcess("GenerateConsoleCtrlEvent", func(windows.Handle) error {
			return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(t.pid))
		})
	case sig == os.Interrupt:
		return &platform.UnsupportedError{
			Op: "SendSignal(interrupt)", OS: "windows",
			Reason:      "an event of the console goes to a process group, and the child has none of its own",
			Alternative: "Spec.NewProcessGroup",
		}
	}
	return &platform.UnsupportedError{
		Op: "SendSignal(" + sig.String() + ")", OS: "windows",
		Reason:      "a process can be ended or interrupted, and there are no other signals",
		Alternative: "Terminate, Kill, or os.Interrupt to a child with Spec.NewProcessGroup",
	}
}

// withProcess does something to the process while its handle is held, so that
// its number can not become another one's. A process that has ended and was not
// waited for yet takes nothing any more, and the system calls that a lack of
// rights.
func (t *Transport) withProcess(call string, fn func(handle windows.Handle) error) (err error) {
	failed := t.process.WithHandle(func(fd uintptr) {
		handle := windows.Handle(fd)
		if state, _ := windows.WaitForSingleObject(handle, 0); state == windows.WAIT_OBJECT_0 {
			err = os.ErrProcessDone
			return
		}
		err = os.NewSyscallError(call, fn(handle))
		if state, _ := windows.WaitForSingleObject(handle, 0); err != nil && state == windows.WAIT_OBJECT_0 {
			err = os.ErrProcessDone // it has ended meanwhile
		}
	})
	if failed != nil {
		return os.ErrProcessDone // it was waited for: the watcher is ahead of the loop
	}
	return err
}
