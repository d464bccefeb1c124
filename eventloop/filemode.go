package eventloop

import (
	"slices"

	"github.com/tidemill-go/tidemill/platform"
)

// fileModes remembers the open files that were blocking before a transport had
// them: O_NONBLOCK belongs to the open file, not to the descriptor, and a shell
// whose terminal is left non-blocking is of no use to anybody. It belongs to the
// loop's goroutine; its zero value is ready.
//
// Standard input and output are often one open file. It may become blocking again
// only when its last transport is gone, because the loop must never block. That
// two descriptors have the same open file can not be asked, only concluded: of
// two with one file the second is non-blocking when it comes.
type fileModes struct {
	changed map[platform.FileID][]*changedFile
}

// changedFile is one open file and its descriptors.
type changedFile struct{ fds []int }

// unblock makes fd non-blocking. restore is to be called right before fd is
// closed, with fd or another descriptor of its open file.
func (m *fileModes) unblock(fd int) (restore func(fd int), err error) {
	nonblocking, err := platform.IsNonblocking(fd)
	if err != nil {
		return nil, err
	}
	id, err := platform.FileIDOf(fd)
	if err != nil {
		return nil, err
	}
	files := m.changed[id]
	switch {
	case nonblocking && len(files) == 0:
		return func(int) {}, nil
	case !nonblocking:
		if err := platform.SetNonblock(fd); err != nil {
			return nil, err
		}
		if m.changed == nil {
			m.changed = map[platform.FileID][]*changedFile{}
		}
		files = append(files, &changedFile{})
		m.changed[id] = files
	}
	file := files[len(files)-1]
	file.fds = append(file.fds, fd)
	return func(of int) { m.leave(id, file, fd, of) }, nil
}

func (m *fileModes) leave(id platform.FileID, file *changedFile, fd, of int) {
	i := slices.Index(file.fds, fd)
	if i < 0 {
		return
	}
	file.fds = slices.Delete(file.fds, i, i+1)
	if len(file.fds) > 0 {
		return
	}
	_ = platform.SetBlocking(of) // nobody could be told of a failure, or help
	files := m.changed[id]
	m.changed[id] = slices.DeleteFunc(files, func(f *changedFile) bool { return f == file })
	if len(m.changed[id]) == 0 {
		delete(m.changed, id)
	}
}

// restoreAll is for the end of the loop, while the descriptors are still open.
func (m *fileModes) restoreAll() {
	for _, files := range m.changed {
		for _, f := range files {
			_ = platform.SetBlocking(f.fds[0])
		}
	}
	m.changed = nil
}
