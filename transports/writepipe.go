package transports

import (
	"errors"
	"io"
	"net"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// WritePipe is the transport of the writing end of a pipe or the like. It
// belongs to the goroutine of its host's loop.
type WritePipe struct{ pipe }

var (
	_ protocols.WritePipe = (*WritePipe)(nil)
	_ protocols.Transport = (*WritePipe)(nil)
	_ Sink                = (*WritePipe)(nil)
)

// warnDroppedPipe is the dropped write from which on each one is warned about
// (contract K13).
const warnDroppedPipe = 6

// NewWritePipe makes a transport of a non-blocking descriptor, which belongs to
// it from the call on, also if it fails. ConnectionMade is called in the next
// iteration.
func NewWritePipe(host Host, fd int, p protocols.Protocol, cfg PipeConfig) (*WritePipe, error) {
	w := new(WritePipe)
	if err := w.begin(host, fd, WriteEnd, p, cfg, w); err != nil {
		return nil, err
	}
	return w, nil
}

// Write implements protocols.WriteTransport.
func (w *WritePipe) Write(b []byte) (int, error) {
	if w.is(isClosing) {
		return 0, w.tooLate("Write", len(b))
	}
	return w.stream.Write(b)
}

// WriteBuffers implements protocols.WriteTransport.
func (w *WritePipe) WriteBuffers(bufs net.Buffers) (int64, error) {
	if w.is(isClosing) {
		return 0, w.tooLate("WriteBuffers", length(bufs))
	}
	return w.stream.WriteBuffers(bufs)
}

// tooLate drops what comes after Close even if earlier bytes are queued (K13).
func (w *WritePipe) tooLate(method string, n int) error {
	if err := w.offLoop(method); err != nil || n == 0 {
		return err
	}
	return w.drop(warnDroppedPipe)
}

// WriteEOF implements protocols.WriteTransport: a pipe has no other half to keep
// open (K12).
func (w *WritePipe) WriteEOF() error { return w.Close() }

// ReadEnd implements Sink: the other end is gone (K14, K15).
func (w *WritePipe) ReadEnd(err error) {
	w.state |= inputOver
	if !errors.Is(err, io.EOF) {
		w.fail("write", err)
		return
	}
	if w.offer(); w.size() > 0 {
		w.fail("write", platform.BrokenPipe)
		return
	}
	w.lose(nil)
}

// Received implements Sink: input is taken for an end (K19).
func (w *WritePipe) Received([]byte) (consumed int) {
	w.ReadEnd(io.EOF)
	return 0
}

// ReadBuffer implements Sink.
func (w *WritePipe) ReadBuffer() []byte { return nil }

// PauseReading does nothing.
func (w *WritePipe) PauseReading() {}

// ResumeReading does nothing.
func (w *WritePipe) ResumeReading() {}

// IsReading returns false.
func (w *WritePipe) IsReading() bool { return false }
