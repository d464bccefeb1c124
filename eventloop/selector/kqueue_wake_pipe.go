//go:build netbsd || openbsd

package selector

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// An alarm ends a kevent that waits, by a pipe: EVFILT_USER came with NetBSD 10
// and is not in OpenBSD.
type alarm struct{ pipe wakePipe }

func (a *alarm) set(q *bsdQueue) error {
	if err := a.pipe.open(); err != nil {
		return err
	}
	if err := q.Submit([]change{{a.pipe.r, readFilter, level}})[0]; err != nil {
		return errors.Join(os.NewSyscallError("kevent", err), a.pipe.close())
	}
	return nil
}

func (a *alarm) ring(*bsdQueue) { a.pipe.wake() }

// rang reports whether an event is the alarm's, and empties the pipe.
func (a *alarm) rang(e *unix.Kevent_t) (bool, error) {
	if int(e.Ident) != a.pipe.r {
		return false, nil
	}
	return true, a.pipe.drain()
}

func (a *alarm) owns(fd int) bool { return a.pipe.owns(fd) }
func (a *alarm) close() error     { return a.pipe.close() }
