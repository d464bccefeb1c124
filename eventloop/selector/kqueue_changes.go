package selector

import (
	"errors"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// A filter is one of kqueue's ways to look at a descriptor. The numbers of the
// kernel's differ from system to system.
type filter uint8

const (
	readFilter  filter = iota // EVFILT_READ
	writeFilter               // EVFILT_WRITE
)

// A mode is how the kernel has a filter of a descriptor.
type mode uint8

const (
	detached mode = iota // EV_DELETE
	level                // EV_ADD
	edge                 // EV_ADD|EV_CLEAR
)

// A change is what the kernel is told of one filter of one descriptor.
type change struct {
	FD     int
	Filter filter
	Mode   mode
}

// A note is what is known of a registered descriptor; without interest it is
// free.
type note struct {
	tag uint64
	in  Interest

	// modes are how the kernel has the two filters, as far as we know.
	modes [2]mode

	// writeOnly is a pipe's writing end, or a terminal's. FreeBSD never reports
	// anything of its reading side, not even that the readers are gone.
	writeOnly bool

	// alwaysReady is a regular file, as poll and select see it. kqueue would fall
	// silent at its end, where a read does not block either.
	alwaysReady bool

	// lasting is what will be reported of it whatever the kernel says.
	lasting Ready

	// event is its place among those of a round.
	event int32
	round uint64
}

// wanted is how the kernel is to have the two filters. What is open for writing
// only and watched for reading is watched for its end: without Write a writable
// one is not reported, and an edge does not repeat it.
func (n *note) wanted() (modes [2]mode) {
	if n.alwaysReady {
		return modes
	}
	asked := level
	if n.in&Edge != 0 {
		asked = edge
	}
	if n.in&Read != 0 {
		modes[readFilter] = asked
		if n.writeOnly {
			modes[writeFilter] = edge
		}
	}
	if n.in&Write != 0 {
		modes[writeFilter] = asked
	}
	return modes
}

// changes appends what makes the kernel have the filters as they are wanted. To
// add a filter that is there evaluates it again, but does not change its mode.
func (n *note) changes(list []change, fd int, wanted [2]mode) []change {
	for f := readFilter; f <= writeFilter; f++ {
		has, want := n.modes[f], wanted[f]
		if has != detached && has != want {
			list = append(list, change{fd, f, detached})
		}
		if want != detached {
			list = append(list, change{fd, f, want})
		}
	}
	return list
}

// attach brings the kernel up to date, at once: an error is the caller's. Removals
// that were put off go first, as they may be about a descriptor that had the same
// number.
func (k *kqueueSelector) attach(fd int) error {
	n := &k.notes[fd]
	wanted := n.wanted()
	list := n.changes(k.later, fd, wanted)
	k.settle(fd)
	n.modes = wanted
	if n.alwaysReady {
		k.later = list
		k.last(fd, n.everything())
		return nil
	}
	refusals := k.kernel.Submit(list)
	k.later = list[:0]
	return k.answer(fd, list, refusals)
}

// answer takes the kernel's refusals of a descriptor's changes. That a filter was
// not there to be taken out is none, whoever's it was.
func (k *kqueueSelector) answer(fd int, list []change, refusals []error) (err error) {
	n := &k.notes[fd]
	for i, refusal := range refusals {
		c := list[i]
		if refusal == nil || c.Mode == detached {
			continue
		}
		n.modes[c.Filter] = detached
		if c.Filter == writeFilter && isReaderGone(fd, refusal) {
			k.last(fd, n.endOfWriting())
		} else if err == nil {
			err = refusal
		}
	}
	if n.writeOnly && (n.modes[writeFilter] != detached || n.lasting != 0) {
		return nil // some refuse the reading side, from which nothing is to come
	}
	return err
}

// isReaderGone reports whether a pipe's writing end was refused because nobody
// reads it any more: EPIPE on most systems, EBADF on NetBSD. It could have
// happened a moment later, too, and is to be told in the same way then.
func isReaderGone(fd int, refusal error) bool {
	switch {
	case errors.Is(refusal, syscall.EPIPE):
		return true
	case errors.Is(refusal, syscall.EBADF):
		_, err := platform.FileKind(fd)
		return err == nil
	}
	return false
}

// last makes a descriptor report something at each Wait; with Edge once.
func (k *kqueueSelector) last(fd int, bits Ready) {
	if k.notes[fd].lasting == 0 {
		k.standing = append(k.standing, fd)
	}
	k.notes[fd].lasting = bits
}

// settle takes that back.
func (k *kqueueSelector) settle(fd int) {
	if k.notes[fd].lasting == 0 {
		return
	}
	k.notes[fd].lasting = 0
	for i, other := range k.standing {
		if other == fd {
			k.standing[i] = k.standing[len(k.standing)-1]
			k.standing = k.standing[:len(k.standing)-1]
			return
		}
	}
}

// forget frees a descriptor's note. The kernel is told with the next Wait, before
// it reports anything: as a rule the descriptor is closed until then, and its
// knotes are gone.
func (k *kqueueSelector) forget(fd int) {
	k.settle(fd)
	k.later = k.notes[fd].changes(k.later, fd, [2]mode{})
	k.notes[fd] = note{}
	if len(k.later) > kqueueRoom-changesOfOne {
		k.kernel.Submit(k.later)
		k.later = k.later[:0]
	}
}

// changesOfOne is how many changes there can be about one descriptor, twice: what
// is taken out of a filter and what is put in, and the same when it is forgotten.
const changesOfOne = 8
