package subprocess

import (
	"os"

	"github.com/tidemill-go/tidemill/platform"
)

// files are the descriptors of a child that is being started, and what is left
// of their other ends.
type files struct {
	child  []*os.File // by number; nil: the child has none
	opened []*os.File // of child, those that are ours to close after the start
	parent [3]int     // our ends of the pipes; -1: none
	master int        // of the terminal, -1: none
}

func newFiles() files {
	return files{parent: [...]int{-1, -1, -1}, master: -1}
}

// open makes what the streams of s ask for. After an error everything is to be
// closed by closeAll.
func (f *files) open(s *Spec) error {
	var slave *os.File
	if s.PTY != nil {
		var err error
		if f.master, slave, err = openPTY(s.PTY.Size); err != nil {
			f.master = -1
			return err
		}
		f.opened = append(f.opened, slave)
	}
	var null *os.File
	for fd, stream := range [...]Stdio{s.Stdin, s.Stdout, s.Stderr} {
		file, err := f.stream(fd, stream, slave, &null)
		if err != nil {
			return err
		}
		f.child = append(f.child, file)
	}
	for _, file := range s.ExtraFiles {
		if err := checkFile(file); err != nil {
			return err
		}
		f.child = append(f.child, file)
	}
	return nil
}

// stream makes one of the child's standard streams. Files of the caller's are
// looked at once more: they may have been closed since they were given.
func (f *files) stream(fd int, stream Stdio, slave *os.File, null **os.File) (file *os.File, err error) {
	switch stream := stream.(type) {
	case nil:
		if slave != nil {
			return slave, nil
		}
	case *os.File:
		return stream, checkFile(stream)
	case Redirect:
		switch stream {
		case Stdout:
			return f.child[1], nil
		case Inherit:
			return f.inherit(fd)
		case DevNull:
			if *null == nil {
				if *null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
					return nil, err
				}
				f.opened = append(f.opened, *null)
			}
			return *null, nil
		}
	}
	return f.openPipe(fd)
}

// keepPipe takes over both ends of a pipe.
func (f *files) keepPipe(fd, ours, theirs int) (child *os.File) {
	child = os.NewFile(uintptr(theirs), "pipe of a child")
	f.parent[fd], f.opened = ours, append(f.opened, child)
	return child
}

// closeChild closes what only the child is to have.
func (f *files) closeChild() {
	for _, file := range f.opened {
		_ = file.Close()
	}
	f.child, f.opened = nil, nil
}

// take gives one of our ends away.
func take(fd *int) (taken int) {
	taken, *fd = *fd, -1
	return taken
}

// closeAll closes everything that was not taken.
func (f *files) closeAll() {
	f.closeChild()
	for _, fd := range []*int{&f.parent[0], &f.parent[1], &f.parent[2], &f.master} {
		if *fd >= 0 {
			_ = platform.CloseFD(take(fd))
		}
	}
}
