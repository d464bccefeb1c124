package transports

import (
	"errors"

	"github.com/tidemill-go/tidemill/platform"
)

// A Handle names a descriptor that a driver holds: a slot and the generation of
// its use. A stale one is dropped wherever it turns up, so that an event of an
// old descriptor never reaches the new one of the same number.
type Handle uint64

// NewHandle packs a slot and its generation.
func NewHandle(slot, generation uint32) Handle {
	return Handle(generation)<<32 | Handle(slot)
}

// Slot returns the slot's number.
func (h Handle) Slot() uint32 { return uint32(h) }

// Generation returns the use of the slot that h belongs to; never zero in a
// Handle that a driver gave out.
func (h Handle) Generation() uint32 { return uint32(h >> 32) }

// Kind is what a driver must know of a descriptor beyond its number.
type Kind uint8

const (
	// TCP: a short read proves that nothing more is there, unless an end, an
	// error or an urgent mark is behind the data.
	TCP Kind = iota

	// Local is a Unix socket. A short read proves nothing there; only EAGAIN
	// does.
	Local

	// File is a pipe, a FIFO or a character device: not for socket calls, and
	// otherwise like Local.
	File

	// WriteEnd is a descriptor that is only written to. It is never read: the
	// first sign that its other end is gone is its ReadEnd(io.EOF).
	WriteEnd
)

// A Driver moves bytes for the descriptors of one loop and knows nothing of
// what they mean. It is called on the loop's goroutine only, and calls back
// there, from the loop and never from inside one of its own methods (Settle,
// which may report sends, excepted).
//
// A readiness driver tries the system call and waits for readiness when the
// kernel refuses; a completion driver submits operations and is told. Both keep
// this contract, and transports/conformance holds them to it.
type Driver interface {
	// Open adopts a connected, non-blocking stream descriptor. The descriptor
	// belongs to the driver from the call on: if Open fails it is closed.
	// Reading is off.
	Open(fd int, k Kind, s Sink) (Handle, error)

	// Read turns delivery on or off. Once Read(h, false) has returned, no
	// ReadBuffer, Filled, Received or ReadEnd is called; what arrives meanwhile
	// waits in order, in the kernel or in the driver. Read(h, true) never calls
	// the sink itself, and is not allowed after ReadEnd. On a listening handle it
	// is accepting that is held back, also for the rest of a batch, and resumed.
	Read(h Handle, on bool)

	// TrySend sends directly from the caller's memory as much as the kernel
	// takes now; a full kernel is 0, nil. ErrSubmitOnly says that there is no such
	// call for this descriptor: a Send and Settle come nearest. Not allowed while a
	// Send is outstanding.
	TrySend(h Handle, b []byte) (int, error)

	// Send sends b, of which n bytes are taken at once. If n < len(b) and err is
	// nil, the driver owns b until Sent has reported the rest. One Send may be
	// outstanding per handle.
	Send(h Handle, b []byte) (n int, err error)

	// CloseWrite ends the sending half. No Send may be outstanding.
	CloseWrite(h Handle) error

	// Close ends everything: no call of the sink follows, and the descriptor is
	// closed as soon as no operation can touch it or memory any more. If bytes
	// were received and not delivered, the peer sees a reset. A stale handle is
	// ignored.
	Close(h Handle)

	// Listen adopts a listening, non-blocking descriptor and calls accepted for
	// each connection, with the peer's address and a non-blocking descriptor
	// that then belongs to the callee. An error stops accepting until
	// Read(h, true); EAGAIN, EINTR and ECONNABORTED are not reported.
	Listen(fd int, accepted func(fd int, peer platform.Sockaddr, err error)) (Handle, error)

	// Connect adopts a non-blocking socket and connects it. done is called once,
	// by the loop, unless Close comes first. With its call the handle ends and
	// the descriptor belongs to the callee, whatever the outcome. If Connect
	// itself fails the descriptor is closed.
	Connect(fd int, to platform.Sockaddr, done func(err error)) (Handle, error)

	// Settle makes the accounts of outstanding Sends true: what is queued is
	// submitted and what has completed is reported through Sent. No user code
	// runs in it.
	Settle()
}

// ErrSubmitOnly is TrySend's answer for a descriptor that can only be sent to by
// an operation.
var ErrSubmitOnly = errors.New("the descriptor has no direct send")

// A FileSender is a Driver whose system may send files by itself.
type FileSender interface {
	// SendFile is a Send of n bytes of a regular file, from offset on: all of them,
	// at least one, are reported through Sent. io.ErrUnexpectedEOF says that the
	// file has fewer; an error that is no disconnection that the system can not send
	// this file there. The descriptor fd belongs to the driver from the call on,
	// which closes it when the operation has ended.
	SendFile(h Handle, fd int, offset int64, n int) error
}

// A Sink is what a transport shows its driver.
type Sink interface {
	// ReadBuffer returns the memory to receive into, nil for the driver's own.
	// A driver that receives before it can ask (completion) never calls it.
	// The sink may end or pause the handle inside.
	ReadBuffer() []byte

	// Filled says that n bytes, at least one, are in what ReadBuffer returned.
	Filled(n int)

	// Received hands over bytes in the driver's memory, valid for the call, and
	// returns how many were consumed: fewer than all only if the sink was paused
	// or closed meanwhile, and then the driver keeps the rest.
	Received(b []byte) (consumed int)

	// ReadEnd says that nothing more will be received: io.EOF, or the errno. It
	// is called once; delivery is off afterwards.
	ReadEnd(err error)

	// Sent reports progress of the outstanding Send: n more bytes were taken by
	// the kernel, or it failed. If the input has failed before, err is that
	// failure: the EPIPE that the kernel gives after it would hide the cause
	// (E29). When all are reported the memory is the sink's again. It runs no
	// user code.
	Sent(n int, err error)
}

// An Orphan is a Sink that wants to know when its loop is closed under it: it may
// have a coroutine to unwind. No user code runs then.
type Orphan interface {
	LoopClosed()
}
