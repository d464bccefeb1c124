package eventloop

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// Sendfile sends count bytes of file, from offset on, over a transport, and is
// done with the number that was sent: fewer than count at the end of the file. A
// count of zero means all up to there. What was written before goes first; until
// the future is done Write gets ErrInvalidState and reading rests. The kernel
// copies where it can, the loop elsewhere; file is read in the executor.
//
// The file stays the caller's and must stay open meanwhile. Its position is
// offset plus what was sent at the end, also after an error or a cancellation;
// a pipe or device is read from where it is, offset bytes further on if it can
// seek. Cancelling stops soon, when the system call that runs has returned; a
// read that waits for a pipe keeps its goroutine of the executor until it ends.
//
// The future fails with: *platform.UnsupportedError; os.ErrInvalid for a nil
// file, a negative offset or count; ErrInvalidState for a transport that is
// closing, whose output has ended, that has a Sendfile in progress, or that can
// send no files; *net.OpError around net.ErrClosed if the transport is closed
// meanwhile, or the errno that ends the connection; *os.PathError for the file;
// ErrLoopClosed. Any goroutine.
func (l *Loop) Sendfile(t protocols.Transport, file *os.File, offset, count int64) *Future[int64] {
	if err := l.table.Check(platform.Sendfile); err != nil {
		return failed[int64](l, err)
	}
	if err := checkSendfile(file, offset, count); err != nil {
		return failed[int64](l, err)
	}
	to, ok := t.(reservable)
	if !ok {
		return failed[int64](l, fmt.Errorf("%w: a %T can not send files", ErrInvalidState, t))
	}
	return submit(l, func(f *Future[int64]) {
		s := newFileSend(l, f, file, offset, count)
		out := &transportOutput{send: s, transport: to}
		s.out = out
		if err := to.Reserve(out); err != nil {
			f.SetError(err)
			return
		}
		f.OnCancel(func() { s.stop(ErrCancelled) })
	})
}

// SockSendfile is Sendfile over a stream socket of the program's own, as the raw
// socket calls: the errors of those besides its own, and os.ErrInvalid for a
// socket that is no stream.
func (l *Loop) SockSendfile(to *platform.Socket, file *os.File, offset, count int64) *Future[int64] {
	if err := l.table.Check(platform.SockSendfile); err != nil {
		return failed[int64](l, err)
	}
	if err := checkSendfile(file, offset, count); err != nil {
		return failed[int64](l, err)
	}
	if err := checkStream(to); err != nil {
		return failed[int64](l, err)
	}
	return submit(l, func(f *Future[int64]) {
		s := newFileSend(l, f, file, offset, count)
		held, err := l.hold(platform.SockSendfile, writerSide, to, func() {
			s.stop(sockError("sendfile", to, nil, net.ErrClosed))
		})
		if err != nil {
			f.SetError(sockError("sendfile", to, nil, err))
			return
		}
		held.abandoned = s.abandoned
		s.out = &socketOutput{send: s, held: held}
		f.OnCancel(func() { s.stop(ErrCancelled) })
		s.begin()
	})
}

func checkSendfile(file *os.File, offset, count int64) error {
	switch {
	case file == nil:
		return invalid("Sendfile of a nil file")
	case offset < 0:
		return invalid("Sendfile from offset %d", offset)
	case count < 0:
		return invalid("Sendfile of %d bytes", count)
	}
	return nil
}

func checkStream(s *platform.Socket) error {
	if s == nil {
		return invalid("SockSendfile over a nil socket")
	}
	sotype, err := s.Type()
	if err != nil {
		return sockError("sendfile", s, nil, err)
	}
	if sotype != syscall.SOCK_STREAM {
		return invalid("SockSendfile over a socket that is no stream")
	}
	return nil
}
