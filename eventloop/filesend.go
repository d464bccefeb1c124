package eventloop

import (
	"errors"
	"io"
	"math"
	"os"
	"sync"

	"github.com/tidemill-go/tidemill/platform"
)

const (
	// fileStep is how much one turn of the executor has the kernel send: a step
	// that runs can not be cancelled.
	fileStep = 4 << 20

	// fileBlock is how much is read at once where the bytes must be copied.
	fileBlock = 128 << 10
)

// fileSend is one Sendfile that goes on. Whatever may wait for a disk, and that
// is sendfile(2) too, is a step in the executor; between two steps the loop waits
// for room in the socket. At most one step runs.
type fileSend struct {
	loop   *Loop
	result *Future[int64]
	file   *os.File
	out    fileOutput
	direct *heldSocket // what the kernel sends to; nil: the bytes are copied
	whole  wholeOutput // what has the kernel send as an operation; nil: the same

	offset  int64 // of the next byte
	rest    int64 // wanted
	sent    int64
	regular bool
	block   []byte

	// Of the last step, which writes nothing else: an end need not wait for it.
	n    int         // what it has done
	eof  bool        // and whether it came to the end
	err  error       // or failed
	mode os.FileMode // of the file, if it was examined

	running bool
	cause   error // of an end that waits for the running step
	over    bool

	mu      sync.Mutex // guards the rest, for the end of the loop
	working bool       // in the executor, with the descriptor
	orphan  bool
}

// wholeOutput is an output whose system sends a file as an operation of its own.
type wholeOutput interface {
	// feedFile sends n bytes of a file, from offset on, and then calls
	// fileSend.fed, refused, or stop. The error is the file's.
	feedFile(file *os.File, offset int64, n int) error
}

// fileOutput is where a file goes.
type fileOutput interface {
	// whole returns what the system sends files to as an operation, nil if it does
	// not.
	whole() wholeOutput
	// direct returns a socket that the kernel can send to, nil if there is none.
	direct() *heldSocket
	// feed sends b and then calls fileSend.fed, or stop.
	feed(b []byte)
	// failed ends the connection if it is ours to end, and gives err its shape.
	failed(err error) error
	// end lets go of the output. abandon does so where there is no loop any more,
	// on any goroutine.
	end()
	abandon()
}

func newFileSend(l *Loop, f *Future[int64], file *os.File, offset, count int64) *fileSend {
	if count == 0 {
		count = math.MaxInt64
	}
	return &fileSend{loop: l, result: f, file: file, offset: offset, rest: count}
}

// begin is called when the output is ours.
func (s *fileSend) begin() { s.step(s.examine, s.examined) }

// step runs work in the executor and then next on the loop, unless all is over.
func (s *fileSend) step(work, next func()) {
	s.running = true
	s.n, s.eof, s.err = 0, false, nil
	s.setWorking(true)
	err := s.loop.execute(func() {
		work()
		s.setWorking(false)
		// On a closed loop nobody waits.
		_ = s.loop.Post(func() {
			if s.running = false; !s.over {
				next()
			}
		})
	})
	if err != nil {
		s.running = false
		s.setWorking(false)
		s.finish(err)
	}
}

func (s *fileSend) setWorking(working bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working = working; s.orphan && !working {
		s.out.abandon()
	}
}

// abandoned is called when the loop closes: the descriptor is let go of now, or
// when the step that uses it is over.
func (s *fileSend) abandoned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orphan = true; !s.working {
		s.out.abandon()
	}
}

// stat tells that a file is closed: on Windows its Stat says something else.
func (s *fileSend) stat() (os.FileInfo, error) {
	if err := controlFile(s.file, func(int) error { return nil }); err != nil {
		return nil, err
	}
	return s.file.Stat()
}

func (s *fileSend) examine() {
	info, err := s.stat()
	if s.err = err; err != nil {
		return
	}
	if s.mode = info.Mode(); !s.mode.IsRegular() && s.offset > 0 {
		_, s.err = s.file.Seek(s.offset, io.SeekStart)
	}
}

func (s *fileSend) examined() {
	if s.err != nil {
		s.finish(s.err)
		return
	}
	if s.regular = s.mode.IsRegular(); s.regular {
		if s.whole = s.out.whole(); s.whole == nil {
			s.direct = s.out.direct()
		}
	}
	s.next()
}

// next starts a step, if there is anything left to do.
func (s *fileSend) next() {
	switch {
	case s.rest == 0:
		s.finish(nil)
	case s.whole != nil:
		s.step(s.measure, s.feedWhole)
	case s.direct != nil:
		s.step(s.sendSome, s.sentSome)
	default:
		if s.block == nil {
			s.block = make([]byte, min(fileBlock, s.rest))
		}
		s.step(s.readSome, s.haveRead)
	}
}

// wholeStep is how much one operation sends. What has been passed on when the call
// is cancelled is still sent.
const wholeStep = 1 << 20

// measure finds out how much there is to send now. A file may grow meanwhile, and
// to send more than there is would be an error.
func (s *fileSend) measure() {
	info, err := s.stat()
	if s.err = err; err == nil {
		s.n = int(min(s.rest, wholeStep, info.Size()-s.offset))
	}
}

func (s *fileSend) feedWhole() {
	if s.err == nil && s.n > 0 {
		s.err = s.whole.feedFile(s.file, s.offset, s.n)
	}
	if s.err != nil || s.n <= 0 {
		s.finish(s.err)
	}
}

// refused goes on by copying, as after any refusal of the system (contract O10).
func (s *fileSend) refused(sent int) {
	s.account(sent)
	s.whole = nil
	s.next()
}

func (s *fileSend) sendSome() {
	most := int(min(s.rest, fileStep))
	err := controlFile(s.file, func(in int) error {
		for s.n < most && !s.eof {
			n, err := platform.SendFile(s.direct.fd, in, s.offset+int64(s.n), most-s.n)
			if err != nil {
				return err
			}
			s.n += n
			s.eof = n == 0
		}
		return nil
	})
	s.err = err
}

func (s *fileSend) sentSome() {
	s.account(s.n)
	switch {
	case s.cause != nil:
		s.finish(s.cause)
	case s.eof:
		s.finish(nil)
	case s.err == nil:
		s.next()
	case platform.WouldBlock(s.err):
		if err := s.direct.await(s.room); err != nil {
			s.finish(err)
		}
	case errors.Is(s.err, os.ErrClosed):
		s.finish(s.err)
	case s.sent == 0 && !isBroken(s.err):
		s.direct = nil // the kernel can not join these two (contract O10)
		s.next()
	default:
		s.finish(s.out.failed(s.err))
	}
}

// isBroken tells an end of the connection from a refusal of the call.
func isBroken(err error) bool {
	return platform.IsDisconnect(err) || platform.IsNotConnected(err)
}

func (s *fileSend) room() {
	s.direct.unwait()
	s.next()
}

func (s *fileSend) readSome() {
	into := s.block[:min(int64(len(s.block)), s.rest)]
	if s.regular {
		s.n, s.err = s.file.ReadAt(into, s.offset)
	} else {
		s.n, s.err = s.file.Read(into)
	}
	if s.eof = s.err == io.EOF; s.eof {
		s.err = nil
	}
}

func (s *fileSend) haveRead() {
	switch {
	case s.n > 0:
		s.out.feed(s.block[:s.n])
	case s.err != nil:
		s.finish(s.err)
	default:
		s.finish(nil)
	}
}

// fed is called when the output has taken what was read.
func (s *fileSend) fed() {
	if !s.over {
		s.account(s.n)
		s.next()
	}
}

func (s *fileSend) account(n int) {
	s.offset += int64(n)
	s.sent += int64(n)
	s.rest -= int64(n)
}

// stop ends the sending early. A step in which the kernel sends is waited for: it
// uses the descriptor, and what it sends counts. One that reads is not.
func (s *fileSend) stop(cause error) {
	if s.over {
		return
	}
	if s.cause == nil {
		s.cause = cause
	}
	if !s.running || s.direct == nil {
		s.finish(s.cause)
	}
}

func (s *fileSend) finish(err error) {
	s.over = true
	s.out.end()
	if s.regular {
		// A file that was closed meanwhile has no position.
		_, _ = s.file.Seek(s.offset, io.SeekStart)
	}
	settle(s.result, s.sent, err)
}
