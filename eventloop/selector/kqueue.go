package selector

import (
	"errors"
	"math"
	"net"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

// kqueueRoom is how many events, and how many changes, one call of kevent takes.
const kqueueRoom = 1024

// A kqueueSelector is kqueue(2) without its system calls, so that it is specified
// on any system: what is asked of the kernel is worked out in
// kqueue_changes.go, what it answers is read in kqueue_events.go.
//
// All calls are ordinary ones, as poll's are: parking a goroutine on a kqueue that
// is itself in Go's poller would be cheaper to wake, but not every system nests
// them.
type kqueueSelector struct {
	kernel kernelQueue
	closed bool

	// notes is indexed by descriptor: numbers are small and dense. The kernel
	// would keep a tag in udata for us, but not 64 bits of it on 32-bit systems.
	notes []note

	// later are removals that need no answer: the next call takes them along.
	later []change

	// standing are descriptors of which the kernel has said something once and
	// for all.
	standing []int

	events []Event
	round  uint64 // the current Wait's number, from 1 on
}

var _ Selector = (*kqueueSelector)(nil)

// kernelQueue is the system's half.
type kernelQueue interface {
	// Submit makes changes and returns an error for each in its place; nil
	// stands for none. It takes no events. The slice is valid until the next call.
	Submit(changes []change) []error

	// Exchange makes changes and returns up to kqueueRoom findings, in memory
	// that is valid until the next call. A negative timeout is none. A change
	// that was refused is a finding; if there is any, others need not be there.
	Exchange(changes []change, timeout time.Duration) ([]finding, error)

	// Wake ends an Exchange that waits, or the next one. Any goroutine; harmless
	// after Close.
	Wake()

	Owns(fd int) bool
	Close() error
}

func newKqueueOver(kernel kernelQueue) *kqueueSelector {
	return &kqueueSelector{kernel: kernel}
}

func (k *kqueueSelector) Name() string        { return "kqueue" }
func (k *kqueueSelector) EdgeTriggered() bool { return true }

func (k *kqueueSelector) Add(fd int, tag uint64, in Interest) error {
	switch {
	case k.closed:
		return net.ErrClosed
	case fd < 0 || fd > math.MaxInt32:
		return refused("add", fd, syscall.EBADF)
	case !in.watches() || k.kernel.Owns(fd):
		return refused("add", fd, syscall.EINVAL)
	case k.note(fd) != nil:
		return refused("add", fd, syscall.EEXIST)
	}
	n := note{tag: tag, in: in}
	if err := n.examine(fd); err != nil {
		return refused("add", fd, err)
	}
	for fd >= len(k.notes) {
		k.notes = append(k.notes, note{})
	}
	k.notes[fd] = n
	if err := k.attach(fd); err != nil {
		k.forget(fd)
		return refused("add", fd, err)
	}
	return nil
}

// examine finds out what the kernel would not say. Transports, which alone ask for
// Edge, have no regular files.
func (n *note) examine(fd int) error {
	reads, writes, err := platform.AccessMode(fd)
	if err != nil {
		return syscall.EBADF
	}
	n.writeOnly, n.alwaysReady = writes && !reads, false
	if n.in&Edge != 0 {
		return nil
	}
	kind, err := platform.FileKind(fd)
	if err != nil {
		return syscall.EBADF
	}
	n.alwaysReady = kind == platform.KindRegular || kind == platform.KindDirectory
	return nil
}

// Modify hands all filters to the kernel again, also those that it should know:
// that re-arms them, and the number may have become another file's, whose knotes
// went with the old one without a word.
func (k *kqueueSelector) Modify(fd int, tag uint64, in Interest) error {
	n := k.note(fd)
	switch {
	case k.closed:
		return net.ErrClosed
	case n == nil:
		return refused("modify", fd, syscall.ENOENT)
	case !in.watches():
		return refused("modify", fd, syscall.EINVAL)
	}
	n.tag, n.in = tag, in
	err := error(nil)
	if in&Edge == 0 {
		err = n.examine(fd) // a transport's is no other file than it was
	}
	if err == nil {
		err = k.attach(fd)
	}
	if err == nil {
		return nil
	}
	k.forget(fd)
	if errors.Is(err, syscall.EBADF) {
		err = syscall.ENOENT
	}
	return refused("modify", fd, err)
}

func (k *kqueueSelector) Remove(fd int) error {
	switch {
	case k.closed:
		return net.ErrClosed
	case k.note(fd) == nil:
		return refused("remove", fd, syscall.ENOENT)
	}
	k.forget(fd)
	return nil
}

// note returns what is known of a registered descriptor, nil of others.
func (k *kqueueSelector) note(fd int) *note {
	if fd < 0 || fd >= len(k.notes) || k.notes[fd].in == 0 {
		return nil
	}
	return &k.notes[fd]
}

func (k *kqueueSelector) Wait(until time.Time, park func() bool) ([]Event, error) {
	if k.closed {
		return nil, net.ErrClosed
	}
	err := k.look(0)
	if err == nil && len(k.events) == 0 && park != nil && !due(until) && park() {
		err = k.look(remaining(until, time.Microsecond))
	}
	if err != nil {
		return nil, err
	}
	return k.events, nil
}

// look makes one call of kevent, and another if the first brought nothing but
// answers about removals: the descriptor was closed before its knote was taken
// out, which is how it goes as a rule.
func (k *kqueueSelector) look(timeout time.Duration) error {
	k.events = k.events[:0]
	k.round++
	found, err := k.kernel.Exchange(k.later, timeout)
	if len(k.later) > 0 && err == nil && refusalsOnly(found) {
		found, err = k.kernel.Exchange(nil, timeout)
	}
	k.later = k.later[:0]
	if err != nil {
		return err
	}
	for _, f := range found {
		k.collect(f)
	}
	k.repeat()
	return nil
}

func refusalsOnly(found []finding) bool {
	for _, f := range found {
		if f.Refused == nil {
			return false
		}
	}
	return len(found) > 0
}

func (k *kqueueSelector) Wake() { k.kernel.Wake() }

func (k *kqueueSelector) Close() error {
	if k.closed {
		return nil
	}
	k.closed = true
	return k.kernel.Close()
}
