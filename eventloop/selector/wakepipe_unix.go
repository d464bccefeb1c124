//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"golang.org/x/sys/unix"
)

// A wakePipe ends a system call that waits for its reading end. An eventfd would
// do with one descriptor, but only Linux and some BSDs have it.
type wakePipe struct{ wakeEnds }

func (p *wakePipe) open() error {
	// pipe2 would save the lock, but macOS lacks it: between pipe and
	// CloseOnExec no child may be forked.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		return os.NewSyscallError("pipe", err)
	}
	p.r, p.w = fds[0], fds[1]
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return errors.Join(os.NewSyscallError("fcntl", err), p.close())
		}
	}
	return nil
}

// wake makes the reading end readable; any goroutine. Two errors can come: a
// full pipe is readable already (C24), and after close nobody waits.
func (p *wakePipe) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		_, _ = platform.WriteFD(p.w, []byte{0})
	}
}

// drain empties the pipe. It fails if somebody else has closed one of the ends:
// the loop could not be woken any more.
func (p *wakePipe) drain() error {
	var buf [128]byte
	for {
		n, err := platform.ReadFD(p.r, buf[:])
		switch {
		case platform.WouldBlock(err):
			return nil
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return os.NewSyscallError("read", io.ErrUnexpectedEOF)
		}
	}
}
