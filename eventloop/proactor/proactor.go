package proactor

import (
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

// Op is a kind of operation.
type Op uint8

const (
	// Receive receives from a connected socket into the proactor's memory.
	Receive Op = iota + 1

	// Send sends to a connected socket.
	Send

	// Accept takes a connection from a listening socket.
	Accept

	// Connect connects a socket.
	Connect

	// Readable waits until a read, an accept or a batch of datagrams will not
	// block, or the descriptor has ended or failed.
	Readable

	// Writable is the same for writing.
	Writable
)

// String returns the constant's name in lower case.
func (o Op) String() string {
	names := [...]string{"none", "receive", "send", "accept", "connect", "readable", "writable"}
	if int(o) < len(names) {
		return names[o]
	}
	return "internal"
}

// Outcome is what became of an operation, packed so that it can wait in a queue.
type Outcome uint64

const (
	moreBit   = 1 << 8
	bufferBit = 1 << 9
	hungUpBit = 1 << 10
)

// NewOutcome makes an outcome. n is a count, or a negated errno; buffer is the
// number of the buffer that holds what was received, negative for none.
func NewOutcome(op Op, n int32, more bool, buffer int) Outcome {
	o := Outcome(op) | Outcome(uint32(n))<<32
	if more {
		o |= moreBit
	}
	if buffer >= 0 {
		o |= bufferBit | Outcome(uint16(buffer))<<16
	}
	return o
}

// Op returns the kind of operation.
func (o Outcome) Op() Op { return Op(o) }

// N returns how much was done: bytes received or sent, zero at the end of a
// stream; the accepted descriptor; zero after an error and of a poll.
func (o Outcome) N() int { return max(int(int32(o>>32)), 0) }

// Err returns the bare errno, nil after success. ECANCELED is what a Cancel
// ends an operation with; the system may do so too, for reasons of its own.
// ENOBUFS ends a Receive that found no free buffer.
func (o Outcome) Err() error {
	if n := int32(o >> 32); n < 0 {
		return syscall.Errno(-n)
	}
	return nil
}

// HungUp reports whether a poll has found an error or a hang-up.
func (o Outcome) HungUp() bool { return o&hungUpBit != 0 }

// More reports whether the operation goes on and other completions follow.
func (o Outcome) More() bool { return o&moreBit != 0 }

// HasBuffer reports whether bytes were received that are to be recycled.
func (o Outcome) HasBuffer() bool { return o&bufferBit != 0 }

func (o Outcome) buffer() uint16 { return uint16(o >> 16) }

// A Completion is the outcome of the operation that was submitted with a tag.
type Completion struct {
	Tag     uint32
	Outcome Outcome
}

// A Binder is told which descriptor a tag stands for. A mechanism that needs no
// telling ignores it.
type Binder interface {
	// Attach says that tag stands for fd until Detach: a socket, a pipe, or a
	// listener. It comes before every operation on them. A descriptor that the
	// mechanism can not serve is refused, with the errno or a
	// *platform.UnsupportedError: on Windows a handle that is not overlapped, or
	// one that another completion port has, for good.
	Attach(fd int, tag uint32) error

	// Detach ends that. Nothing is under way any more, and the descriptor is
	// closed next or handed to somebody else, perhaps under another tag.
	Detach(fd int, tag uint32)

	// Polls reports whether Poll works. Where it does not, pipes are received from
	// and sent to like sockets.
	Polls() bool
}

// A Submitter takes operations. No more than one of each kind may be under way
// with the same tag: kind and tag are its name. The system hears of it at the
// next Wait, so the descriptor must not be closed between the submission and
// the completion whose More is false; that one follows every operation, also a
// cancelled one, unless the proactor is closed.
type Submitter interface {
	// Receive goes on, as far as the system can, until there is an end, an error,
	// a Cancel or no buffer. Where it can not, each completion is the last one.
	// Once asks for one completion only.
	Receive(fd int, tag uint32, once bool)

	// Accept goes on like Receive. Its descriptors are non-blocking, closed on
	// exec, and the caller's.
	Accept(fd int, tag uint32)

	// Send sends some of b, at least one byte, and never raises SIGPIPE. The
	// memory is the proactor's until the completion: the caller keeps b, changes
	// nothing in it and does not let go of it, whatever becomes of the
	// connection meanwhile.
	Send(fd int, tag uint32, b []byte)

	// Connect connects to an address, which the caller keeps until the completion
	// as the memory of a Send.
	Connect(fd int, tag uint32, to *platform.Name)

	// Poll waits once for op, which is Readable or Writable. A state that is there
	// already counts. It must not be called where Polls says no.
	Poll(fd int, tag uint32, op Op)

	// Cancel ends an operation soon. It is complete, and its memory free, only
	// when its own completion says so; that may also be a success that came
	// first. What is not under way is ignored.
	Cancel(tag uint32, op Op)
}

// A Proactor carries out operations. A new mechanism is one file that implements
// this contract and one line in the tables of the systems that have it; the
// specs then run on it by themselves. The package documentation says which
// goroutine may call what.
type Proactor interface {
	Binder
	Submitter

	// Name is the mechanism's: "io_uring" or "iocp".
	Name() string

	// Wait hands over what was submitted and returns what has completed, in the
	// order of the system, in memory that is valid until the next Wait.
	//
	// With a nil park it does not block. Otherwise, if nothing has completed and
	// until has not come, it calls park once, and blocks if that returned true:
	// until a completion, a Wake, or the time until (zero: for ever). It may
	// return with nothing for any reason. A Wake that comes after park was called
	// is never lost. An error means that the proactor itself is broken.
	Wait(until time.Time, park func() bool) ([]Completion, error)

	// Bytes returns what a Receive has brought, in the proactor's memory, the
	// caller's until Recycle.
	Bytes(o Outcome) []byte

	// Recycle gives the memory of Bytes back, once.
	Recycle(o Outcome)

	// Free is how many buffers nobody has, as far as the proactor knows: the
	// system may be filling some of them.
	Free() int

	// Owns reports whether a descriptor is the proactor's own.
	Owns(fd int) bool

	// Wake ends a Wait that has called park. Any goroutine; harmless at all other
	// times, also after Close.
	Wake()

	// Close cancels what is under way, waits until no operation can touch memory
	// any more, and releases everything. Closing again is harmless.
	Close() error
}
