package selector

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxEvents is how many events one Wait of epoll takes. The kernel goes on with
// the others next time, so that none of them starves.
const maxEvents = 1024

// An epollSelector asks epoll(7) without waiting, by raw system calls that the
// scheduler does not notice, and leaves the waiting to Go's own poller: an epoll
// descriptor is itself readable when it has events. A thread that blocks in
// epoll_wait costs 37 us to wake, a goroutine parked this way less than one, and
// garbage collection never waits for it.
type epollSelector struct {
	fd   int
	file *os.File
	conn syscall.RawConn

	// check is collect in the shape that conn.Read wants, made once because a
	// method value allocates.
	check func(uintptr) bool

	// armed is what file's read deadline was last set to by arm; zero is none.
	// stale says that it is in the past by now, by time or by a Wake.
	armed time.Time
	stale bool

	closed bool
	n      int
	err    error
	raw    [maxEvents]unix.EpollEvent
	events [maxEvents]Event
}

var _ Selector = (*epollSelector)(nil)

func newEpoll() (Selector, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// os.NewFile gives only non-blocking descriptors to the runtime's poller.
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), unix.Close(fd))
	}
	e := &epollSelector{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	e.check = func(uintptr) bool { return e.collect() }
	if e.conn, err = e.file.SyscallConn(); err == nil {
		// NewFile does not say whether the poller took it; a deadline does.
		err = e.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(err, e.file.Close())
	}
	return e, nil
}

func (e *epollSelector) Name() string        { return "epoll" }
func (e *epollSelector) EdgeTriggered() bool { return true }

func (e *epollSelector) Add(fd int, tag uint64, in Interest) error {
	return e.control("add", unix.EPOLL_CTL_ADD, fd, tag, in)
}

func (e *epollSelector) Modify(fd int, tag uint64, in Interest) error {
	return e.control("modify", unix.EPOLL_CTL_MOD, fd, tag, in)
}

// Remove passes an interest only because control insists on one: the kernel
// ignores the event of EPOLL_CTL_DEL.
func (e *epollSelector) Remove(fd int) error {
	return e.control("remove", unix.EPOLL_CTL_DEL, fd, 0, Read)
}

func (e *epollSelector) control(op string, code, fd int, tag uint64, in Interest) error {
	switch {
	case e.closed:
		return net.ErrClosed
	case !in.watches():
		return refused(op, fd, unix.EINVAL)
	}
	ev := unix.EpollEvent{Events: epollMask(in), Fd: int32(tag), Pad: int32(tag >> 32)}
	err := error(unix.EBADF)
	if isNumber(fd) {
		err = unix.EpollCtl(e.fd, code, fd, &ev)
	}
	if err == nil {
		return nil
	}
	// What is closed, what can not be watched, and the selector itself: before it
	// looks for a registration the kernel asks whether there could be one.
	if code != unix.EPOLL_CTL_ADD && (err == unix.EBADF || err == unix.EPERM || err == unix.EINVAL) {
		err = unix.ENOENT
	}
	return refused(op, fd, err)
}

// epollMask asks for EPOLLPRI with Edge only. There it makes sure that no read
// is taken for the last one because the urgent mark cut it short; without Edge a
// peer could keep the loop spinning with one urgent byte that nobody reads.
func epollMask(in Interest) uint32 {
	var mask uint32
	if in&Edge != 0 {
		mask = unix.EPOLLET
	}
	if in&Read != 0 {
		mask |= unix.EPOLLIN | unix.EPOLLRDHUP
		if in&Edge != 0 {
			mask |= unix.EPOLLPRI
		}
	}
	if in&Write != 0 {
		mask |= unix.EPOLLOUT
	}
	return mask
}

func (e *epollSelector) Wait(until time.Time, park func() bool) ([]Event, error) {
	if e.closed {
		return nil, net.ErrClosed
	}
	if !e.collect() && park != nil && !due(until) {
		if err := e.arm(until); err != nil {
			return nil, err
		}
		if park() {
			e.block()
		}
	}
	return e.events[:e.n], e.err
}

// collect takes what is ready into events and reports whether Wait has something
// to return: events, an error, or an EINTR, after which nobody knows.
func (e *epollSelector) collect() bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.fd),
		uintptr(unsafe.Pointer(&e.raw[0])), maxEvents, 0, 0, 0)
	e.n, e.err = 0, nil
	if errno != 0 {
		if errno != unix.EINTR {
			e.err = os.NewSyscallError("epoll_pwait", errno)
		}
		return true
	}
	e.n = int(n)
	for i := range e.raw[:e.n] {
		ev := &e.raw[i]
		e.events[i] = Event{
			Tag:   uint64(uint32(ev.Fd)) | uint64(uint32(ev.Pad))<<32,
			Ready: epollReady(ev.Events),
		}
	}
	return e.n > 0
}

// epollReady counts EPOLLHUP as an end too: a pipe without writers reports
// nothing else.
func epollReady(mask uint32) Ready {
	var r Ready
	if mask&unix.EPOLLIN != 0 {
		r |= Readable
	}
	if mask&unix.EPOLLOUT != 0 {
		r |= Writable
	}
	if mask&unix.EPOLLPRI != 0 {
		r |= Urgent
	}
	if mask&(unix.EPOLLRDHUP|unix.EPOLLHUP) != 0 {
		r |= Ended
	}
	if mask&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		r |= Failed
	}
	return r
}

// arm sees to it that the deadline ends the wait no later than until. An earlier
// one that is still to come is left alone: it costs one Wait that returns
// nothing, and setting a deadline costs as much as a system call. It must be
// called before park: set after a producer's Wake, the deadline would undo it.
func (e *epollSelector) arm(until time.Time) error {
	early := until.IsZero() || !e.armed.IsZero() && !until.Before(e.armed)
	if early && !e.stale && !due(e.armed) {
		return nil
	}
	e.armed, e.stale = until, false
	return e.file.SetReadDeadline(until)
}

// block parks the goroutine until collect has something to return or the
// deadline has come.
func (e *epollSelector) block() {
	err := e.conn.Read(e.check)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.stale = true
	default:
		e.err = err
	}
}

// Wake ends the wait by a deadline long past. It fails only after Close, when
// nobody waits.
func (e *epollSelector) Wake() {
	_ = e.file.SetReadDeadline(time.Unix(1, 0))
}

func (e *epollSelector) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	return e.file.Close()
}
