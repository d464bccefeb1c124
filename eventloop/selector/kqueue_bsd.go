//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package selector

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// A bsdQueue is kqueue(2) as the system has it.
type bsdQueue struct {
	fd    int
	alarm alarm

	// mu keeps a late wake from another's descriptor, which may have the number
	// after Close.
	mu     sync.Mutex
	closed bool

	changes  []unix.Kevent_t
	refusals []error
	raw      [kqueueRoom]unix.Kevent_t
	found    [kqueueRoom]finding
	timeout  unix.Timespec
}

var _ kernelQueue = (*bsdQueue)(nil)

func newKqueue() (Selector, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	// A child gets none of it by fork, but the program may call exec.
	unix.CloseOnExec(fd)
	q := &bsdQueue{fd: fd}
	if err := q.alarm.set(q); err != nil {
		return nil, errors.Join(err, os.NewSyscallError("close", platform.CloseFD(fd)))
	}
	return newKqueueOver(q), nil
}

// Submit asks for a receipt of each change, which keeps kevent from taking events
// along. Where there are no receipts a call without room for events does, and its
// errno is that of its first bad change: one call for each.
func (q *bsdQueue) Submit(changes []change) []error {
	q.refusals = append(q.refusals[:0], make([]error, len(changes))...)
	if receipt == 0 {
		for i := range changes {
			q.prepare(changes[i:i+1], 0)
			_, q.refusals[i] = q.kevent(nil)
		}
		return q.refusals
	}
	q.prepare(changes, receipt)
	n, err := q.kevent(q.raw[:len(changes)])
	for i := range changes {
		switch {
		case err != nil:
			q.refusals[i] = err
		case i < n && q.raw[i].Data != 0:
			q.refusals[i] = unix.Errno(q.raw[i].Data)
		}
	}
	return q.refusals
}

func (q *bsdQueue) prepare(changes []change, flags int) {
	q.changes = q.changes[:0]
	for _, c := range changes {
		var k unix.Kevent_t
		unix.SetKevent(&k, c.FD, filters[c.Filter], modeFlags[c.Mode]|flags)
		q.changes = append(q.changes, k)
	}
}

var (
	filters   = [...]int{readFilter: unix.EVFILT_READ, writeFilter: unix.EVFILT_WRITE}
	modeFlags = [...]int{detached: unix.EV_DELETE, level: unix.EV_ADD, edge: unix.EV_ADD | unix.EV_CLEAR}
)

// kevent makes the prepared changes and does not wait. What was changed before a
// signal came is changed again, to no harm: kevent(2) promises that all of it was.
func (q *bsdQueue) kevent(receipts []unix.Kevent_t) (int, error) {
	for {
		q.timeout = unix.Timespec{}
		n, err := unix.Kevent(q.fd, q.changes, receipts, &q.timeout)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (q *bsdQueue) Exchange(changes []change, timeout time.Duration) ([]finding, error) {
	q.prepare(changes, 0)
	var until *unix.Timespec
	if timeout >= 0 {
		q.timeout = unix.NsecToTimespec(int64(timeout))
		until = &q.timeout
	}
	n, err := unix.Kevent(q.fd, q.changes, q.raw[:], until)
	switch err {
	case nil:
		return q.translate(q.raw[:n])
	case unix.EINTR:
		return nil, nil
	}
	return nil, os.NewSyscallError("kevent", err)
}

func (q *bsdQueue) translate(raw []unix.Kevent_t) ([]finding, error) {
	found := q.found[:0]
	for i := range raw {
		e := &raw[i]
		if rang, err := q.alarm.rang(e); err != nil {
			return nil, err
		} else if rang {
			continue
		}
		f := finding{FD: int(e.Ident), EOF: e.Flags&unix.EV_EOF != 0}
		f.Pending = f.EOF && e.Fflags != 0
		if e.Flags&unix.EV_ERROR != 0 {
			f.Refused = unix.Errno(e.Data)
		}
		if int(e.Filter) == filters[writeFilter] {
			f.Filter = writeFilter
		}
		found = append(found, f)
	}
	return found, nil
}

func (q *bsdQueue) Wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.alarm.ring(q)
	}
}

func (q *bsdQueue) Owns(fd int) bool { return fd == q.fd || q.alarm.owns(fd) }

func (q *bsdQueue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	return errors.Join(os.NewSyscallError("close", platform.CloseFD(q.fd)), q.alarm.close())
}
