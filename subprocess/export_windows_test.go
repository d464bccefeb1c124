package subprocess

import (
	"os"

	"golang.org/x/sys/windows"
)

// Find returns the file that a Spec's program is.
func Find(s Spec) (string, error) { return s.find() }

// CommandLine is what CreateProcess is given in place of quoted arguments, and
// whether the window is hidden.
func CommandLine(s Spec) (line string, hidden bool) {
	attr := s.attributes()
	return attr.CmdLine, attr.HideWindow
}

// Inherited is what a child is given for one of the parent's own streams.
func Inherited(fd int) (handle windows.Handle, file *os.File, done func(), err error) {
	f := newFiles()
	file, err = f.inherit(fd)
	if err != nil {
		return 0, nil, nil, err
	}
	return handleOf(file), file, f.closeAll, nil
}
