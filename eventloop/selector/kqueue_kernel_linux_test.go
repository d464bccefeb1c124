package selector_test

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

// A kernel is kqueue(2) played on two sets of epoll, one for each filter, with
// real descriptors. What the systems do differently can be chosen. It knows the
// rules of pipes by name only, as they are not Linux's.
type kernel struct {
	sets  [2]int // by filter
	outer int    // watches both sets and the alarm
	alarm int

	mu     sync.Mutex
	closed bool

	// freeBSD: the reading side of a writing end never reports anything, and the
	// writing side is refused with EPIPE once nobody reads. netBSD: with EBADF.
	freeBSD, netBSD bool

	changes int // made or refused
	calls   int // of kevent

	ring  [8]byte // one, as an eventfd wants it
	drain [8]byte
	raw   [KqueueRoom / 2]unix.EpollEvent
	found []Finding // memory of the last Exchange
}

func newKernel() (*kernel, error) {
	k := &kernel{sets: [2]int{-1, -1}, outer: -1, alarm: -1}
	for _, fd := range []*int{&k.sets[0], &k.sets[1], &k.outer} {
		var err error
		if *fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
			return nil, errors.Join(os.NewSyscallError("kqueue", err), k.Close())
		}
	}
	k.ring[0], k.ring[7] = 1, 1 // in either order of bytes
	var err error
	if k.alarm, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, errors.Join(os.NewSyscallError("kqueue", err), k.Close())
	}
	for i, fd := range []int{k.sets[0], k.sets[1], k.alarm} {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(k.outer, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			return nil, errors.Join(err, k.Close())
		}
	}
	return k, nil
}

func (k *kernel) Submit(changes []Change) (refusals []error) {
	k.calls++
	for _, c := range changes {
		refusals = append(refusals, k.make(c))
	}
	return refusals
}

// make makes one change: to add what is there evaluates it again.
func (k *kernel) make(c Change) error {
	k.changes++
	if err := k.refuses(c); err != nil {
		return err
	}
	set := k.sets[c.Filter]
	ev := unix.EpollEvent{Fd: int32(c.FD), Events: unix.EPOLLIN | unix.EPOLLRDHUP}
	if c.Filter == WriteFilter {
		ev.Events = unix.EPOLLOUT
	}
	if c.Mode == EdgeMode {
		ev.Events |= unix.EPOLLET
	}
	if c.Mode == Detached {
		return unix.EpollCtl(set, unix.EPOLL_CTL_DEL, c.FD, &ev)
	}
	err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, c.FD, &ev)
	if err == unix.EEXIST {
		err = unix.EpollCtl(set, unix.EPOLL_CTL_MOD, c.FD, &ev)
	}
	return err
}

// refuses is what the BSDs say of a pipe's writing end without readers.
func (k *kernel) refuses(c Change) error {
	if c.Filter != WriteFilter || c.Mode == Detached || !k.freeBSD && !k.netBSD || !isWritingEnd(c.FD) {
		return nil
	}
	fds := []unix.PollFd{{Fd: int32(c.FD), Events: unix.POLLOUT}}
	if n, err := unix.Poll(fds, 0); n == 0 || err != nil || fds[0].Revents&unix.POLLERR == 0 {
		return nil
	}
	if k.netBSD {
		return unix.EBADF
	}
	return unix.EPIPE
}

func isWritingEnd(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	var st unix.Stat_t
	return err == nil && flags&unix.O_ACCMODE == unix.O_WRONLY && unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

func (k *kernel) Exchange(changes []Change, timeout time.Duration) ([]Finding, error) {
	k.calls++
	k.found = k.found[:0]
	for _, c := range changes {
		if refusal := k.make(c); refusal != nil {
			k.found = append(k.found, Finding{FD: c.FD, Filter: c.Filter, Refused: refusal})
		}
	}
	if len(k.found) > 0 {
		return k.found, nil
	}
	ms := -1
	if timeout >= 0 {
		ms = int((timeout + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(k.outer, k.raw[:3], ms)
	if err != nil {
		return nil, ignoreEINTR(err)
	}
	ready := [3]bool{}
	for _, ev := range k.raw[:n] {
		ready[ev.Fd] = true
	}
	for f := ReadFilter; f <= WriteFilter; f++ {
		if ready[f] {
			err = errors.Join(err, k.reap(f))
		}
	}
	if ready[2] {
		_, _ = unix.Read(k.alarm, k.drain[:])
	}
	return k.found, err
}

// reap takes what is ready of one filter.
func (k *kernel) reap(f Filter) error {
	n, err := unix.EpollWait(k.sets[f], k.raw[:], 0)
	if err != nil {
		return ignoreEINTR(err)
	}
	for _, ev := range k.raw[:n] {
		if finding, ok := k.find(f, ev); ok {
			k.found = append(k.found, finding)
		}
	}
	return nil
}

// find says an event in kqueue's words. Errors and hang-ups, which epoll reports
// of every filter, are an end of the filter there.
func (k *kernel) find(f Filter, ev unix.EpollEvent) (Finding, bool) {
	ended := ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if f == ReadFilter && k.freeBSD && isWritingEnd(int(ev.Fd)) {
		return Finding{}, false
	}
	return Finding{FD: int(ev.Fd), Filter: f, EOF: ended, Pending: ev.Events&unix.EPOLLERR != 0}, true
}

func ignoreEINTR(err error) error {
	if err == unix.EINTR {
		return nil
	}
	return os.NewSyscallError("kevent", err)
}

func (k *kernel) Wake() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		_, _ = unix.Write(k.alarm, k.ring[:])
	}
}

func (k *kernel) Owns(fd int) bool {
	return fd == k.sets[0] || fd == k.sets[1] || fd == k.outer || fd == k.alarm
}

func (k *kernel) Close() (err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, fd := range []int{k.sets[0], k.sets[1], k.outer, k.alarm} {
		if fd >= 0 {
			err = errors.Join(err, os.NewSyscallError("close", unix.Close(fd)))
		}
	}
	return err
}
