//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package subprocess

import (
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// kqueue is not inherited by children (kqueue(2)), so it needs no close-on-exec.
type kqueue int

func openKqueue() (exitQueue, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, err
	}
	return kqueue(fd), nil
}

func (q kqueue) add(pid int) error {
	var change unix.Kevent_t
	unix.SetKevent(&change, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	change.Fflags = unix.NOTE_EXIT
	for {
		_, err := unix.Kevent(int(q), []unix.Kevent_t{change}, nil, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

func (q kqueue) wait() (pids []int, err error) {
	var events [64]unix.Kevent_t
	n, err := unix.Kevent(int(q), nil, events[:], nil)
	for err == unix.EINTR {
		n, err = unix.Kevent(int(q), nil, events[:], nil)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range events[:n] {
		pids = append(pids, int(e.Ident))
	}
	return pids, nil
}

func (q kqueue) close() { _ = platform.CloseFD(int(q)) }
