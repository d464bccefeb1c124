package transports

import (
	"os"
	"slices"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// A FileDriver is a Driver that passes descriptors through Local handles.
type FileDriver interface {
	Driver

	// SendFiles is Send with descriptors attached to the first byte of b. They
	// belong to the driver from the call on: it closes them when they are sent,
	// or will not be.
	SendFiles(h Handle, b []byte, fds []int) (n int, err error)

	// ReceiveFiles takes descriptors that the peer attaches, or leaves them to
	// the kernel, which closes them. The sink must be a FileSink.
	ReceiveFiles(h Handle, on bool)
}

// A FileSink is a Sink that gets descriptors.
type FileSink interface {
	// ReceivedFiles hands over the descriptors that were attached to the bytes
	// that Filled or Received hand over next. They are the sink's. lost says
	// that others were dropped. It runs no user code.
	ReceivedFiles(fds []int, lost bool)

	// DropFiles closes the descriptors that the sink holds: its loop is closed.
	DropFiles()
}

// filePassing is what a stream knows of the files that it passes.
type filePassing struct {
	limit   int        // of waiting
	waiting []int      // received, and not taken yet
	queue   []fileSend // behind what the kernel has not taken yet
}

// fileSend is a write with files and all writes behind it, up to the next one
// with files.
type fileSend struct {
	fds  []int
	data []byte
}

var (
	_ protocols.FilePasser = (*Stream)(nil)
	_ FileSink             = (*Stream)(nil)
)

// CanPassFiles implements protocols.FilePasser.
func (s *Stream) CanPassFiles() bool {
	_, can := s.driver.(FileDriver)
	return can && s.names.kind == Local
}

func (s *Stream) passing(op string) (*filePassing, error) {
	if !s.CanPassFiles() {
		return nil, &platform.UnsupportedError{
			Op:          op,
			Reason:      "only a Unix stream socket passes files, on a loop that can",
			Alternative: "a Unix stream socket on a selector loop",
		}
	}
	return &s.names.extras().files, nil
}

// files is nil on a stream that never had to do with any.
func (s *Stream) files() *filePassing {
	if s.names.extra == nil {
		return nil
	}
	return &s.names.extra.files
}

// WriteFiles implements protocols.FilePasser.
func (s *Stream) WriteFiles(b []byte, files ...syscall.Conn) (int, error) {
	passing, err := s.passing("WriteFiles")
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return s.Write(b)
	}
	if err := s.writable("WriteFiles", len(b)); err != nil {
		return 0, err
	}
	fds, err := duplicates(b, files)
	if err != nil {
		return 0, err
	}
	if s.offer(); s.pending() > 0 {
		s.Flush()
	}
	passing.queue = append(passing.queue, fileSend{fds: fds, data: slices.Clone(b)})
	if s.is(isLost) {
		passing.dropQueue()
	}
	s.sendQueued()
	s.limit()
	s.drained()
	return len(b), nil
}

func duplicates(b []byte, files []syscall.Conn) (fds []int, err error) {
	switch {
	case len(b) == 0:
		return nil, invalid("files need a byte to go with")
	case len(files) > platform.MaxPassedFDs:
		return nil, invalid("more files than one write can pass")
	}
	for _, f := range files {
		fd, err := duplicate(f)
		if err != nil {
			closeAll(fds)
			return nil, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

func duplicate(f syscall.Conn) (fd int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	if failed := raw.Control(func(original uintptr) { fd, err = platform.DupFD(int(original)) }); failed != nil {
		return -1, failed
	}
	return fd, os.NewSyscallError("dup", err)
}

// sendQueued sends what has files with it, now that nothing is before it.
func (s *Stream) sendQueued() {
	for files := s.files(); files != nil && len(files.queue) > 0 && !s.is(sending|isLost); {
		next := files.queue[0]
		files.queue = slices.Delete(files.queue, 0, 1)
		if s.out == nil {
			s.out = s.host.Buffers().take()
		}
		s.out.pending = append(s.out.pending, next.data...)
		switch n, err := s.driver.(FileDriver).SendFiles(s.handle, s.out.pending, next.fds); {
		case err != nil:
			s.fail("write", err)
		case n == len(s.out.pending):
			s.release()
		default:
			s.out.launch(n)
			s.state |= sending
		}
	}
}

// AcceptFiles implements protocols.FilePasser.
func (s *Stream) AcceptFiles(limit int) error {
	passing, err := s.passing("AcceptFiles")
	if err != nil {
		return err
	}
	s.mustBeOnLoop("AcceptFiles")
	passing.limit = max(limit, 0)
	s.driver.(FileDriver).ReceiveFiles(s.handle, limit > 0)
	return nil
}

// ReceivedFiles implements FileSink.
func (s *Stream) ReceivedFiles(fds []int, lost bool) {
	files := s.files()
	files.waiting = append(files.waiting, fds...)
	if lost || len(files.waiting) > files.limit {
		s.fail("read", protocols.ErrFilesDropped)
	}
}

// TakeFiles implements protocols.FilePasser.
func (s *Stream) TakeFiles() (taken []*os.File) {
	files := s.files()
	if files == nil {
		return nil
	}
	for _, fd := range files.waiting {
		taken = append(taken, os.NewFile(uintptr(fd), "passed file"))
	}
	files.waiting = nil
	return taken
}

// DropFiles implements FileSink.
func (s *Stream) DropFiles() {
	if files := s.files(); files != nil {
		files.dropQueue()
		closeAll(files.waiting)
		files.waiting = nil
	}
}

// size is how many bytes are queued behind files.
func (p *filePassing) size() (n int) {
	if p != nil {
		for _, q := range p.queue {
			n += len(q.data)
		}
	}
	return n
}

// hold takes b if it has to wait behind files.
func (p *filePassing) hold(b []byte) bool {
	if p == nil || len(p.queue) == 0 {
		return false
	}
	last := &p.queue[len(p.queue)-1]
	last.data = append(last.data, b...)
	return true
}

func (p *filePassing) dropQueue() {
	if p == nil {
		return
	}
	for _, q := range p.queue {
		closeAll(q.fds)
	}
	p.queue = nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		platform.CloseFD(fd)
	}
}
