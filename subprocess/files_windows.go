package subprocess

import (
	"os"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// openPipe makes a pipe: our end is overlapped, the child's is not, as programs
// expect of their standard streams. Package os duplicates that one for the child
// and lets the child inherit nothing else.
func (f *files) openPipe(fd int) (*os.File, error) {
	ours, theirs, err := platform.ChildPipe(fd == 0)
	if err != nil {
		return nil, err
	}
	return f.keepPipe(fd, ours, theirs), nil
}

// inherit returns the parent's own stream. A stream that the parent does not have
// the child has not either: handle 0 is package os's word for that, where a nil
// file would be a handle of this very process.
func (f *files) inherit(fd int) (*os.File, error) {
	number := [...]uint32{windows.STD_INPUT_HANDLE, windows.STD_OUTPUT_HANDLE, windows.STD_ERROR_HANDLE}[fd]
	handle, err := windows.GetStdHandle(number)
	if err != nil || handle == windows.InvalidHandle {
		handle = 0
	}
	// A new file of the handle would ask the system what it is, and wait for the
	// answer until a read that is under way has ended.
	if file := [...]*os.File{os.Stdin, os.Stdout, os.Stderr}[fd]; handle != 0 && handleOf(file) == handle {
		return file, nil
	}
	if handle != 0 {
		self := windows.CurrentProcess()
		if err := windows.DuplicateHandle(self, handle, self, &handle, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
			return nil, os.NewSyscallError("DuplicateHandle", err)
		}
	}
	file := os.NewFile(uintptr(handle), "inherited stream")
	f.opened = append(f.opened, file)
	return file, nil
}

// handleOf is the handle of a file, 0 of one that is closed.
func handleOf(file *os.File) (handle windows.Handle) {
	if file == nil {
		return 0
	}
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { handle = windows.Handle(fd) })
	}
	return handle
}
