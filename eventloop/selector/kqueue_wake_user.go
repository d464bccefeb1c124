//go:build darwin || dragonfly || freebsd

package selector

import (
	"os"

	"golang.org/x/sys/unix"
)

// An alarm ends a kevent that waits, by an event of our own. Go's runtime relies
// on the same.
type alarm struct{}

// alarmIdent is the event's number: EVFILT_USER counts apart from descriptors.
const alarmIdent = 1

func (a *alarm) set(q *bsdQueue) error {
	return os.NewSyscallError("kevent", a.change(q, unix.EV_ADD|unix.EV_CLEAR, unix.NOTE_FFNOP))
}

// ring triggers the event. It may fail only if somebody else has closed the
// queue, and then nobody can wait.
func (a *alarm) ring(q *bsdQueue) { _ = a.change(q, 0, unix.NOTE_TRIGGER) }

func (a *alarm) change(q *bsdQueue, flags int, note uint32) error {
	var changes [1]unix.Kevent_t
	unix.SetKevent(&changes[0], alarmIdent, unix.EVFILT_USER, flags)
	changes[0].Fflags = note
	for {
		_, err := unix.Kevent(q.fd, changes[:], nil, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

// rang reports whether an event is the alarm's, which EV_CLEAR has reset.
func (a *alarm) rang(e *unix.Kevent_t) (bool, error) { return e.Filter == unix.EVFILT_USER, nil }

func (a *alarm) owns(int) bool { return false }
func (a *alarm) close() error  { return nil }
