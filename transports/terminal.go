package transports

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// Terminal is the transport of the master side of a pseudo-terminal: what a
// program on the slave side prints is received, and what is written here is
// typed. It belongs to the goroutine of its host's loop.
//
// It is a pipe with both directions and one end. When nobody has the slave side
// open any more, EOFReceived is called, whose answer does not matter, and
// ConnectionLost(nil); all that was printed before has been received by then,
// also by a protocol that had paused. What was typed and not taken is gone.
// Closing the master hangs up: the kernel sends SIGHUP to the slave's session, what
// is left of it.
type Terminal struct {
	pipe
	left bool // by the other side, and not by us
}

var (
	_ protocols.Transport = (*Terminal)(nil)
	_ Sink                = (*Terminal)(nil)
)

// NewTerminal makes a transport of the non-blocking descriptor of a master, which
// belongs to it from the call on, also if it fails. ConnectionMade is called in
// the next iteration. Somebody must have the slave side open already. cfg.Silent
// means nothing here.
func NewTerminal(host Host, fd int, p protocols.Protocol, cfg PipeConfig) (*Terminal, error) {
	cfg.Silent = false
	t := new(Terminal)
	t.state |= hangsUp
	if err := t.begin(host, fd, File, p, cfg, t); err != nil {
		return nil, err
	}
	return t, nil
}

// ReadEnd implements Sink. Linux says EIO when the last descriptor of the slave
// side has been closed and everything is read, the BSDs have an ordinary end.
func (t *Terminal) ReadEnd(err error) {
	t.state |= inputOver
	if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EIO) {
		failure := t.opError("read", err)
		t.report("reading from a terminal failed", failure)
		t.lose(failure)
		return
	}
	if t.left = !t.is(isClosing); t.left {
		t.host.CallSoon(func() { t.keepsOpen() })
	}
	t.lose(nil)
}

// Close implements protocols.BaseTransport. While typed input is left to send the
// terminal is read on and what comes is dropped: a program that waits for room to
// print does not read, and select(2) does not tell somebody who only waits to
// write that the other side has hung up.
func (t *Terminal) Close() error {
	err := t.stream.Close()
	if !t.is(isLost) {
		t.driver.Read(t.handle, true)
	}
	return err
}

// ReadBuffer implements Sink.
func (t *Terminal) ReadBuffer() []byte {
	b := t.stream.ReadBuffer()
	if t.is(isClosing) {
		return nil
	}
	return b
}

// Received implements Sink.
func (t *Terminal) Received(b []byte) (consumed int) {
	consumed = t.stream.Received(b)
	if t.is(isClosing) {
		return len(b)
	}
	return consumed
}

// WriteEOF is refused: there is one end for both directions. A program on the
// other side takes the character ^D at the beginning of a line for an end, as
// long as the terminal is in canonical mode.
func (t *Terminal) WriteEOF() error {
	return fmt.Errorf("%w: WriteEOF on a terminal", errors.ErrUnsupported)
}

// CanWriteEOF returns false.
func (t *Terminal) CanWriteEOF() bool { return false }

// Reserve is refused: reading rests while a file is sent, and a terminal that is
// not read takes no input once its echo has nowhere to go.
func (t *Terminal) Reserve(Reservation) error {
	return fmt.Errorf("%w: Sendfile to a terminal", errors.ErrUnsupported)
}

// Keep is to be called by PipeConfig.Closing. If it was the other side that has
// hung up, it returns another descriptor of the master, for the caller to close,
// and so the kernel does not hang up in turn yet: a program may close its streams
// a moment before it ends, and would be killed by the SIGHUP. Otherwise, and if
// there is no descriptor to be had, it returns 0.
func (t *Terminal) Keep() (fd int) {
	if !t.left {
		return 0
	}
	fd, err := platform.DupFD(int(t.names.fd.Load()))
	if err != nil {
		return 0
	}
	return fd
}

// SetWindowSize tells the terminal its size; the foreground processes of the
// other side get SIGWINCH if it has changed. net.ErrClosed once the transport is
// closing.
func (t *Terminal) SetWindowSize(size protocols.WindowSize) error {
	if err := t.offLoop("SetWindowSize"); err != nil {
		return err
	}
	err := error(net.ErrClosed)
	if !t.is(isClosing) {
		err = platform.SetWindowSize(int(t.names.fd.Load()), size.Rows, size.Columns, size.Width, size.Height)
	}
	if err == nil {
		return nil
	}
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError("ioctl", errno)
	}
	return &net.OpError{Op: "SetWindowSize", Net: t.names.network(), Err: err}
}

// hungUp drops what was to be typed. That nobody has the slave side open is not
// the end yet: what was printed before is still to be read, and the end is
// behind it.
func (s *Stream) hungUp() {
	s.release()
	s.drained()
}
