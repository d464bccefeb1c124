//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A pollSelector hands its whole table to poll(2) each time. All calls are
// ordinary ones, those that do not wait too: they take as long as the table is,
// and a raw call would hold up garbage collection meanwhile.
type pollSelector struct {
	wake wakePipe

	// fds and tags belong together; entry 0 is the wake pipe. An fd that was
	// found closed stands there as its complement, which poll ignores.
	fds  []unix.PollFd
	tags []uint64

	// index finds the entry of a descriptor; 0 is none. Descriptor numbers are
	// small and dense, so a slice does what a map would.
	index []int32

	events []Event
}

var _ Selector = (*pollSelector)(nil)

func newPoll() (Selector, error) {
	p := &pollSelector{}
	if err := p.wake.open(); err != nil {
		return nil, err
	}
	p.fds = []unix.PollFd{{Fd: int32(p.wake.r), Events: unix.POLLIN}}
	p.tags = []uint64{0}
	return p, nil
}

func (p *pollSelector) Name() string        { return "poll" }
func (p *pollSelector) EdgeTriggered() bool { return false }

func (p *pollSelector) Add(fd int, tag uint64, in Interest) error {
	if p.wake.closed {
		return net.ErrClosed
	}
	if err := admit(fd, in, &p.wake); err != nil {
		return err
	}
	switch {
	case p.entry(fd) != 0:
		return refused("add", fd, unix.EEXIST)
	case refusesDevice(fd):
		return refused("add", fd, unix.ENOTSUP)
	}
	if fd >= len(p.index) {
		p.index = append(p.index, make([]int32, fd+1-len(p.index))...)
	}
	p.index[fd] = int32(len(p.fds))
	p.fds = append(p.fds, unix.PollFd{Fd: int32(fd), Events: pollMask(in)})
	p.tags = append(p.tags, tag)
	return nil
}

func (p *pollSelector) Modify(fd int, tag uint64, in Interest) error {
	i := p.entry(fd)
	switch {
	case p.wake.closed:
		return net.ErrClosed
	case i == 0:
		return refused("modify", fd, unix.ENOENT)
	case !in.watches():
		return refused("modify", fd, unix.EINVAL)
	}
	p.fds[i] = unix.PollFd{Fd: int32(fd), Events: pollMask(in)}
	p.tags[i] = tag
	return nil
}

func (p *pollSelector) Remove(fd int) error {
	i := p.entry(fd)
	switch {
	case p.wake.closed:
		return net.ErrClosed
	case i == 0:
		return refused("remove", fd, unix.ENOENT)
	}
	last := len(p.fds) - 1
	p.fds[i], p.tags[i] = p.fds[last], p.tags[last]
	p.index[number(p.fds[i].Fd)] = int32(i)
	p.index[fd] = 0
	p.fds, p.tags = p.fds[:last], p.tags[:last]
	return nil
}

func (p *pollSelector) entry(fd int) int {
	if fd < 0 || fd >= len(p.index) {
		return 0
	}
	return int(p.index[fd])
}

// number undoes the complement of an entry that poll ignores.
func number(fd int32) int32 {
	return max(fd, ^fd)
}

func pollMask(in Interest) int16 {
	var mask int16
	if in&Read != 0 {
		mask = unix.POLLIN | pollEnd
	}
	if in&Write != 0 {
		mask |= unix.POLLOUT
	}
	return mask
}

func (p *pollSelector) Wait(until time.Time, park func() bool) ([]Event, error) {
	if p.wake.closed {
		return nil, net.ErrClosed
	}
	err := p.look(0)
	if err == nil && len(p.events) == 0 && park != nil && !due(until) && park() {
		err = p.look(remaining(until, time.Millisecond))
	}
	if err != nil {
		return nil, err
	}
	return p.events, nil
}

// look makes one call of poll; a negative timeout is none.
func (p *pollSelector) look(timeout time.Duration) error {
	p.events = p.events[:0]
	ms := -1
	if timeout >= 0 {
		ms = int(timeout / time.Millisecond)
	}
	n, err := unix.Poll(p.fds, ms)
	switch {
	case err == unix.EINTR:
		return nil
	case err != nil:
		return os.NewSyscallError("poll", err)
	}
	if n > 0 && p.fds[0].Revents != 0 {
		n--
		if err := p.wake.drain(); err != nil {
			return err
		}
	}
	p.collect(n)
	return nil
}

// collect takes the n entries with something to report into events.
func (p *pollSelector) collect(n int) {
	for i := 1; n > 0 && i < len(p.fds); i++ {
		found := &p.fds[i]
		if found.Revents == 0 {
			continue
		}
		n--
		p.events = append(p.events, Event{Tag: p.tags[i], Ready: pollReady(found.Revents)})
		if found.Revents&unix.POLLNVAL != 0 {
			found.Fd = ^found.Fd
		}
	}
}

// pollReady counts POLLHUP as an end too: a pipe without writers reports nothing
// else.
func pollReady(mask int16) Ready {
	var r Ready
	if mask&unix.POLLIN != 0 {
		r |= Readable
	}
	if mask&unix.POLLOUT != 0 {
		r |= Writable
	}
	if mask&(pollEnd|unix.POLLHUP) != 0 {
		r |= Ended
	}
	if mask&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		r |= Failed
	}
	return r
}

func (p *pollSelector) Wake()        { p.wake.wake() }
func (p *pollSelector) Close() error { return p.wake.close() }
