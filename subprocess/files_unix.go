//go:build unix

package subprocess

import (
	"os"

	"github.com/tidemill-go/tidemill/platform"
)

// openPipe makes a pipe. Our end does not block; the child's does, as programs
// expect of their standard streams.
func (f *files) openPipe(fd int) (*os.File, error) {
	r, w, err := platform.Pipe()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	ours, theirs := r, w
	if fd == 0 {
		ours, theirs = w, r
	}
	file := f.keepPipe(fd, ours, theirs)
	if err := platform.SetNonblock(ours); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return file, nil
}

// inherit duplicates the parent's own descriptor. Package os would make
// os.Stdin's file blocking again on its way to the child, while a loop of this
// program may be reading it. A stream that the parent does not have the child has
// not either.
func (f *files) inherit(fd int) (*os.File, error) {
	var none *os.File // as package os spells it
	if _, err := platform.FileKind(fd); err != nil {
		return none, nil
	}
	dup, err := platform.DupFD(fd)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(dup), "inherited stream")
	f.opened = append(f.opened, file)
	return file, nil
}
