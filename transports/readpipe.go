package transports

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/tidemill-go/tidemill/protocols"
)

// ReadPipe is the transport of the reading end of a pipe or the like. It belongs
// to the goroutine of its host's loop.
type ReadPipe struct{ pipe }

var (
	_ protocols.ReadPipe  = (*ReadPipe)(nil)
	_ protocols.Transport = (*ReadPipe)(nil)
	_ Sink                = (*ReadPipe)(nil)
)

// NewReadPipe makes a transport of a non-blocking descriptor, which belongs to
// it from the call on, also if it fails. ConnectionMade is called in the next
// iteration.
func NewReadPipe(host Host, fd int, p protocols.Protocol, cfg PipeConfig) (*ReadPipe, error) {
	r := new(ReadPipe)
	if err := r.begin(host, fd, File, p, cfg, r); err != nil {
		return nil, err
	}
	return r, nil
}

// ReadEnd implements Sink. There is nothing to keep open, so that an end of
// input closes before the protocol is asked (contract K5).
func (r *ReadPipe) ReadEnd(err error) {
	r.state |= inputOver
	if !errors.Is(err, io.EOF) {
		r.readFailed(err)
		return
	}
	r.host.CallSoon(func() { r.keepsOpen() })
	r.lose(nil)
}

// readFailed ends the pipe. EIO is how a terminal says that its other side has
// hung up; everything else is not to be expected of a pipe (K8).
func (r *ReadPipe) readFailed(err error) {
	failure := r.opError("read", err)
	if !errors.Is(err, syscall.EIO) {
		r.report("reading from a pipe failed", failure)
	}
	r.lose(failure)
}

// Abort implements protocols.BaseTransport: nothing is buffered.
func (r *ReadPipe) Abort() { _ = r.Close() }

// Write is refused.
func (r *ReadPipe) Write([]byte) (int, error) { return 0, noOutput("Write") }

// WriteBuffers is refused.
func (r *ReadPipe) WriteBuffers(net.Buffers) (int64, error) { return 0, noOutput("WriteBuffers") }

// WriteEOF is refused.
func (r *ReadPipe) WriteEOF() error { return noOutput("WriteEOF") }

// CanWriteEOF returns false.
func (r *ReadPipe) CanWriteEOF() bool { return false }

// SetWriteBufferLimits is refused.
func (r *ReadPipe) SetWriteBufferLimits(protocols.Watermarks) error {
	return noOutput("SetWriteBufferLimits")
}

// Reserve is refused.
func (r *ReadPipe) Reserve(Reservation) error { return noOutput("Sendfile") }

func noOutput(method string) error {
	return fmt.Errorf("%w: %s on the reading end of a pipe", errors.ErrUnsupported, method)
}
