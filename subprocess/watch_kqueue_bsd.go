//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package subprocess

import (
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// kqueue is exitQueue by EVFILT_PROC. A process that has ended already is ESRCH,
// except on FreeBSD and DragonFly, where its event is there at once. The status
// that NOTE_EXITSTATUS would bring on macOS is not asked for: the child is to be
// reaped all the same.
type kqueue int

func openKqueue() (exitQueue, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, err
	}
	// A child gets none of it by fork, but the program may call exec.
	unix.CloseOnExec(fd)
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
