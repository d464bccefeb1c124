package selector

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// A selectSelector makes the three sets of select anew for each call, because
// the system writes its answer into them. It keeps them, so that no call
// allocates; a table of what is watched is compact, and index finds its rows.
type selectSelector struct {
	wake    wakePair
	watches []watch
	index   map[windows.Handle]int

	read, write, except socketSet
	events              []Event
}

// A watch is one registered socket.
type watch struct {
	socket windows.Handle
	tag    uint64
	in     Interest // nothing: it was found closed

	// unconnected says that it had no peer yet. Of a connect that fails select
	// tells in the third set only. Connected sockets stay out of that: it also
	// stands for urgent data, which would be reported until somebody reads it.
	unconnected bool

	// event is the number of its Event of this look; 0 is none.
	event int
}

var _ Selector = (*selectSelector)(nil)

func newSelect() (Selector, error) {
	if err := procSelect.Find(); err != nil {
		return nil, fmt.Errorf("selector: %w", err)
	}
	s := &selectSelector{index: map[windows.Handle]int{}}
	if err := s.wake.open(); err != nil {
		return nil, fmt.Errorf("selector: making the pair of sockets that wakes select: %w", err)
	}
	return s, nil
}

func (s *selectSelector) Name() string        { return "select" }
func (s *selectSelector) EdgeTriggered() bool { return false }

func (s *selectSelector) Add(fd int, tag uint64, in Interest) error {
	if s.wake.closed {
		return net.ErrClosed
	}
	if err := s.admit(fd, in); err != nil {
		return err
	}
	h := windows.Handle(fd)
	s.index[h] = len(s.watches)
	s.watches = append(s.watches, watch{socket: h, tag: tag, in: in, unconnected: !isConnected(h)})
	return nil
}

// admit checks what select would refuse in the next Wait, too late.
func (s *selectSelector) admit(fd int, in Interest) error {
	switch {
	case !isSocket(fd) && isOpen(fd):
		return refused("add", fd, windows.WSAENOTSOCK)
	case !isSocket(fd):
		return refused("add", fd, syscall.EBADF)
	case !in.watches() || s.wake.owns(fd):
		return refused("add", fd, syscall.EINVAL)
	case s.find(fd) != nil:
		return refused("add", fd, syscall.EEXIST)
	case len(s.watches) >= maxSockets:
		return fmt.Errorf("%w: %d are registered", ErrTooManyDescriptors, len(s.watches))
	}
	return nil
}

func (s *selectSelector) Modify(fd int, tag uint64, in Interest) error {
	w := s.find(fd)
	switch {
	case s.wake.closed:
		return net.ErrClosed
	case w == nil:
		return refused("modify", fd, syscall.ENOENT)
	case !in.watches():
		return refused("modify", fd, syscall.EINVAL)
	}
	w.tag, w.in = tag, in
	return nil
}

func (s *selectSelector) Remove(fd int) error {
	w := s.find(fd)
	switch {
	case s.wake.closed:
		return net.ErrClosed
	case w == nil:
		return refused("remove", fd, syscall.ENOENT)
	}
	last := len(s.watches) - 1
	i := s.index[w.socket]
	s.index[s.watches[last].socket] = i
	delete(s.index, w.socket)
	*w = s.watches[last]
	s.watches = s.watches[:last]
	return nil
}

// find returns nil for what is not registered.
func (s *selectSelector) find(fd int) *watch {
	if !isNumber(fd) {
		return nil
	}
	if i, ok := s.index[windows.Handle(fd)]; ok {
		return &s.watches[i]
	}
	return nil
}

func (s *selectSelector) Wait(until time.Time, park func() bool) ([]Event, error) {
	if s.wake.closed {
		return nil, net.ErrClosed
	}
	err := s.look(0)
	if err == nil && len(s.events) == 0 && park != nil && !due(until) && park() {
		err = s.look(remaining(until, time.Microsecond))
	}
	if err != nil {
		return nil, err
	}
	return s.events, nil
}

// look makes one call of select; a negative timeout is none.
func (s *selectSelector) look(timeout time.Duration) error {
	s.prepare()
	n, errno := selectSockets(&s.read, &s.write, &s.except, timeout)
	switch {
	case n > 0:
		return s.collect()
	case n == 0:
		return nil
	case errno == windows.WSAENOTSOCK, errno == windows.WSAEOPNOTSUPP:
		return s.expose(errno)
	}
	return os.NewSyscallError("select", errno)
}

// prepare fills the sets. The wake socket is always in, which also keeps select
// from being called with three empty sets: that is an error on Windows.
func (s *selectSelector) prepare() {
	s.events = s.events[:0]
	s.read.count, s.write.count, s.except.count = 0, 0, 0
	s.read.add(windows.Handle(s.wake.r))
	for i := range s.watches {
		w := &s.watches[i]
		w.event = 0
		if w.in&Read != 0 {
			s.read.add(w.socket)
		}
		if w.in&Write != 0 {
			s.write.add(w.socket)
		}
		if w.in != 0 && w.unconnected {
			s.except.add(w.socket)
		}
	}
}

// collect makes events of what select left in the sets.
func (s *selectSelector) collect() error {
	for _, h := range s.read.all() {
		if h != windows.Handle(s.wake.r) {
			s.report(h, Readable)
		} else if err := s.wake.drain(); err != nil {
			return err
		}
	}
	for _, h := range s.write.all() {
		s.report(h, Writable)
	}
	for _, h := range s.except.all() {
		s.reportFailure(h)
	}
	return nil
}

// report adds to the event of h, which it makes first if there is none.
func (s *selectSelector) report(h windows.Handle, r Ready) {
	w := s.find(int(h))
	if w == nil {
		return
	}
	if w.event == 0 {
		s.events = append(s.events, Event{Tag: w.tag})
		w.event = len(s.events)
	}
	s.events[w.event-1].Ready |= r
}

// reportFailure says that a connect has failed, in the words that the other
// mechanisms have for it. What is in the third set and has a peer has urgent
// data instead, since its connect has come to an end meanwhile.
func (s *selectSelector) reportFailure(h windows.Handle) {
	w := s.find(int(h))
	switch {
	case w == nil:
	case isConnected(h):
		w.unconnected = false
	case w.in&Write != 0:
		s.report(h, Writable|Failed)
	default:
		s.report(h, Readable|Failed)
	}
}

// expose finds out who made select fail, which names nobody and lets nobody else
// be reported either: what is no socket any more is reported Failed and left out
// of the sets. If there is none, its number is in use again.
func (s *selectSelector) expose(errno windows.Errno) error {
	if !isSocket(s.wake.r) {
		return os.NewSyscallError("select", errno)
	}
	for i := range s.watches {
		if w := &s.watches[i]; w.in != 0 && !isSocket(int(w.socket)) {
			w.in = 0
			s.report(w.socket, Failed)
		}
	}
	return nil
}

func (s *selectSelector) Wake()        { s.wake.wake() }
func (s *selectSelector) Close() error { return s.wake.close() }
