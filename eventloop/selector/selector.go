package selector

import (
	"time"
)

// Interest is what a descriptor is watched for.
type Interest uint8

const (
	// Read is readability, the peer's hang-up and, on a listening socket, a
	// connection to accept.
	Read Interest = 1 << iota

	// Write is writability and the end of a connect.
	Write

	// Edge asks for one event per change instead of one per Wait. It is honoured
	// by mechanisms whose EdgeTriggered is true and ignored by the others.
	Edge
)

// watches reports whether there is anything to watch for. Edge alone is nothing:
// error and hang-up would be all that is ever reported.
func (in Interest) watches() bool {
	return in&(Read|Write) != 0
}

// Ready is what a Wait found of a descriptor.
type Ready uint8

const (
	// Readable says that a read will not block.
	Readable Ready = 1 << iota

	// Writable says that a write will not block.
	Writable

	// Ended says that the peer has closed or shut down its sending half: there
	// may be data, and then there is an end behind it.
	Ended

	// Failed says that an error is pending, or that both directions have hung up.
	Failed

	// Urgent says that there is out-of-band data, whose mark cuts a read short, or
	// that there may be. It is reported with Edge only: without, one urgent byte
	// that nobody reads would be reported by every Wait, and any peer could keep the
	// loop busy.
	Urgent
)

// An Event is a descriptor's tag and what was found of it. Error and hang-up
// conditions are reported whatever the interest; a mechanism that has no word
// for Ended or Failed reports Readable or Writable instead (the table is in the
// package documentation).
type Event struct {
	Tag   uint64
	Ready Ready
}

// A Selector waits for descriptors to become ready. A new mechanism is one file
// that implements this contract and one line in the tables of the systems that
// have it; the conformance specs then run on it by themselves.
//
// All methods belong to the loop's goroutine, Wake excepted. A Selector never
// closes the descriptors that are registered with it. It must be told, by
// Remove, before a descriptor is closed; an event for a descriptor that was
// removed is never returned by a later Wait.
type Selector interface {
	// Name is the mechanism's: "epoll", "poll", "select", "kqueue".
	Name() string

	// EdgeTriggered reports whether Edge is honoured.
	EdgeTriggered() bool

	// Add registers a descriptor that is not registered yet. It fails with the
	// errno of the mechanism, to be asked for with errors.Is: EPERM for what epoll
	// can not watch, EEXIST for a second registration, EBADF for what is no
	// descriptor, EINVAL for an interest without Read and Write and for the
	// selector's own descriptors; select also refuses what its sets have no room
	// for (ErrDescriptorTooLarge on Unix, ErrTooManyDescriptors on Windows) and, on
	// Windows, handles of anything but sockets (WSAENOTSOCK). This and the following
	// three return net.ErrClosed after Close.
	Add(fd int, tag uint64, in Interest) error

	// Modify replaces tag and interest of a registered descriptor. With Edge it
	// also re-arms: what is ready is reported once more. ENOENT if it is not
	// registered, EINVAL for an interest without Read and Write.
	Modify(fd int, tag uint64, in Interest) error

	// Remove forgets a descriptor; ENOENT if it is not registered. A descriptor
	// without interest must be removed, not modified to none: error and hang-up
	// can not be masked and would be reported for ever.
	Remove(fd int) error

	// Wait returns what is ready, in memory that is valid until the next Wait.
	//
	// With a nil park it does not block. Otherwise, if nothing is ready and until
	// has not come, it gets everything into place that a Wake will overwrite,
	// calls park once, and blocks if that returned true: until an event, a Wake, or the time until
	// (zero: for ever), which is never undercut by more than the clock's
	// resolution. It may return with no event for any reason; EINTR is one and
	// is not an error. A Wake that comes after park was called is never lost. An
	// error means that the selector itself is broken and that there are no events.
	// Wait allocates nothing; a park made once, not a method value at each call,
	// keeps it so.
	Wait(until time.Time, park func() bool) ([]Event, error)

	// Wake ends a Wait that has called park. Any goroutine; harmless at all other
	// times, also after Close.
	Wake()

	// Close releases the mechanism's own descriptors. Closing again is harmless.
	Close() error
}
