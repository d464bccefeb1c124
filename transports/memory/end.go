package memory

import (
	"io"
	"syscall"
)

// An End is one end of a connection. Hand its FD to a transport, or play it: the
// methods Write, Take, ReadAll, CloseWrite, Reset and Close are what a program
// on the far side would do. Not both: what a transport owns is only to be
// watched, and its way out to be clogged.
type End struct {
	fd      int
	in, out *wire
	far     *End
	pending error // of the connection, reported by the next call
	refusal error // of the next Open or Connect
	broken  bool  // by a reset of either side
	hungUp  bool  // by the other side of a terminal
	closed  bool
}

// FD returns the number that stands for this end at the drivers of its Host. It
// is negative.
func (e *End) FD() int { return e.fd }

// SetCapacity sets how many bytes the kernel holds of what this end sends. Less
// than it holds already, or nothing, means no room.
func (e *End) SetCapacity(n int) { e.out.capacity = n }

// Clog leaves no room for what this end sends, or ends that.
func (e *End) Clog(on bool) { e.out.clogged = on }

// Trickle lets no more than n bytes of what this end sends through in one call,
// neither into the kernel nor out of it; 0 ends that.
func (e *End) Trickle(n int) { e.out.trickle = max(n, 0) }

// Refuse makes the next Open or Connect of this end's descriptor fail.
func (e *End) Refuse(err error) { e.refusal = err }

// IsClosed reports whether this end's descriptor is closed.
func (e *End) IsClosed() bool { return e.closed }

// Waiting returns how many bytes this end could read now.
func (e *End) Waiting() int { return len(e.in.data) }

// Write sends b and returns how much of it the kernel took: less than all if
// there is no more room, together with an error if the connection is over.
func (e *End) Write(b []byte) (int, error) {
	n, err := e.send(b)
	if err == errWouldBlock {
		return n, nil
	}
	for err == nil && n < len(b) {
		var more int
		if more, err = e.send(b[n:]); err == errWouldBlock {
			return n, nil
		}
		n += more
	}
	return n, err
}

// Take reads up to n bytes of what has arrived.
func (e *End) Take(n int) []byte {
	b := make([]byte, n)
	got := 0
	for got < n && len(e.in.data) > 0 {
		got += e.in.take(b[got:])
	}
	return b[:got]
}

// ReadAll reads everything that has arrived, and how it goes on: nil if more may
// come, io.EOF, or the errno of a reset, once; after that io.EOF.
func (e *End) ReadAll() ([]byte, error) {
	data := e.Take(len(e.in.data))
	if _, err := e.receive(make([]byte, 1)); err != errWouldBlock {
		return data, err
	}
	return data, nil
}

// Ended reports whether what waits is followed by the end of input or a reset.
func (e *End) Ended() bool { return e.in.ended || e.broken || e.hungUp }

// CloseWrite ends the sending half.
func (e *End) CloseWrite() error {
	switch {
	case e.closed:
		return syscall.EBADF
	case e.broken:
		return syscall.ENOTCONN
	}
	e.out.ended = true
	return nil
}

// Close closes the descriptor: the far end reads what was sent and then the end,
// or is reset if input was left unread. Closing again does nothing.
func (e *End) Close() {
	if e.closed {
		return
	}
	if len(e.in.data) > 0 {
		e.Reset()
		return
	}
	e.closed, e.out.ended = true, true
}

// Reset closes the descriptor and resets the connection. What the far end has
// not read yet it still can.
func (e *End) Reset() {
	if e.closed {
		return
	}
	e.closed, e.in.data = true, nil
	e.far.breakOff()
}

// HangUp closes the descriptor as if it were the last one of a terminal's slave
// side, on Linux: the far end reads what was sent and then EIO, and can send no
// more than EIO.
func (e *End) HangUp() {
	if !e.closed {
		e.closed, e.in.data = true, nil
		e.far.hungUp = true
	}
}

// breakOff is the arrival of a reset. After an orderly end of input Linux makes
// it EPIPE (tcp_reset), because the end of input is what a reader still sees.
func (e *End) breakOff() {
	if e.closed || e.broken {
		return
	}
	e.broken, e.pending = true, syscall.ECONNRESET
	if e.in.ended {
		e.pending = syscall.EPIPE
	}
	e.out.data = nil
}

// errWouldBlock is what the kernel says when there is nothing to do. It never
// leaves the package.
const errWouldBlock = syscall.EAGAIN

func (e *End) send(b []byte) (int, error) {
	switch {
	case e.closed:
		return 0, syscall.EBADF
	case e.hungUp:
		return 0, syscall.EIO
	case e.pending != nil:
		return 0, e.takePending()
	case e.broken, e.out.ended:
		return 0, syscall.EPIPE
	case e.far.closed:
		// The kernel takes the bytes; the answer is a reset.
		e.breakOff()
		return len(b), nil
	}
	if n := e.out.put(b); n > 0 || len(b) == 0 {
		return n, nil
	}
	return 0, errWouldBlock
}

func (e *End) receive(b []byte) (int, error) {
	switch {
	case e.closed:
		return 0, syscall.EBADF
	case len(e.in.data) > 0:
		return e.in.take(b), nil
	case e.hungUp:
		return 0, syscall.EIO
	case e.in.ended:
		return 0, io.EOF
	case e.pending != nil:
		return 0, e.takePending()
	case e.broken:
		return 0, io.EOF
	}
	return 0, errWouldBlock
}

func (e *End) takePending() error {
	err := e.pending
	e.pending = nil
	return err
}

func (e *End) readable() bool {
	return e.closed || len(e.in.data) > 0 || e.in.ended || e.broken || e.hungUp
}

func (e *End) writable() bool {
	return e.closed || e.broken || e.hungUp || e.out.ended || e.far.closed || e.out.room() > 0
}
