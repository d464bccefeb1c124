package eventloop

import (
	"net"
	"os"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// ReadPipeConnection is the transport of a pipe's reading end and the protocol
// that was made for it.
type ReadPipeConnection struct {
	Transport protocols.ReadPipe
	Protocol  protocols.Protocol
}

// WritePipeConnection is the transport of a pipe's writing end and the protocol
// that was made for it.
type WritePipeConnection struct {
	Transport protocols.WritePipe
	Protocol  protocols.Protocol
}

// ConnectReadPipe makes a transport of the reading end of a pipe: a pipe, a FIFO,
// a socket, a terminal or another character device. factory is called, and the
// future is done when ConnectionMade has returned, before the first byte is read.
// Cancelling closes the pipe.
//
// Unless the future has failed already when it is returned, file belongs to the
// transport: it is closed, and its descriptor lives on as a duplicate until
// ConnectionLost. Being non-blocking is a matter of the open file, which a
// terminal shares with whoever else has it open: a file that was blocking is made
// so again when the last transport of it closes, or the loop.
//
// A FIFO that nobody has opened for writing yet is at its end at once (contract
// K18): keep a writer open until the real one has come.
//
// The future fails, with file still the caller's, with:
// *platform.UnsupportedError, before anything else; an error about a nil factory;
// os.ErrInvalid for a nil file, a regular file, a directory, or a file that is not
// open for reading; os.ErrClosed; ErrLoopClosed. With file closed: *PanicError if
// factory panics; *net.OpError around the errno, EPERM where the selector can not
// watch the device. Any goroutine.
func (l *Loop) ConnectReadPipe(factory func() protocols.Protocol, file *os.File) *Future[ReadPipeConnection] {
	end := pipeEnd{
		op: platform.ConnectReadPipe, charDevice: platform.ConnectReadPipeCharDevice,
		purpose: "reading",
	}
	return connectPipe(l, end, factory, file, func(o pipeOpening, f *Future[ReadPipeConnection]) error {
		var t *transports.ReadPipe
		var err error
		t, err = transports.NewReadPipe((*host)(l), o.fd, o.protocol, o.config(func() {
			f.Deliver(ReadPipeConnection{Transport: t, Protocol: t.Protocol()}, t.Abort)
		}))
		return err
	})
}

// ConnectWritePipe makes a transport of the writing end of a pipe. Everything is
// as for ConnectReadPipe; protocols.WritePipe says how it differs from a stream.
func (l *Loop) ConnectWritePipe(factory func() protocols.Protocol, file *os.File) *Future[WritePipeConnection] {
	end := pipeEnd{
		op: platform.ConnectWritePipe, charDevice: platform.ConnectWritePipeCharDevice,
		purpose: "writing", writes: true,
	}
	return connectPipe(l, end, factory, file, func(o pipeOpening, f *Future[WritePipeConnection]) error {
		var t *transports.WritePipe
		var err error
		t, err = transports.NewWritePipe((*host)(l), o.fd, o.protocol, o.config(func() {
			f.Deliver(WritePipeConnection{Transport: t, Protocol: t.Protocol()}, t.Abort)
		}))
		return err
	})
}

// pipeEnd is what the two calls differ in.
type pipeEnd struct {
	op, charDevice platform.Operation
	purpose        string
	writes         bool
}

// connectPipe refuses what it can before anything is changed, and then takes the
// file over.
func connectPipe[T any](l *Loop, end pipeEnd, factory func() protocols.Protocol, file *os.File,
	open func(pipeOpening, *Future[T]) error,
) *Future[T] {
	if err := l.table.Check(end.op); err != nil {
		return failed[T](l, err)
	}
	o := pipeOpening{loop: l, file: file}
	if err := o.examine(end, factory); err != nil {
		return failed[T](l, pipeError(end, err))
	}
	if err := o.check(end); err != nil {
		return failed[T](l, err)
	}
	return submitOwning(l, file, func(f *Future[T]) {
		err := o.begin(factory)
		if err == nil {
			err = open(o, f)
			o.handOver(err)
		}
		if err != nil {
			f.SetError(pipeError(end, err))
		}
	})
}

func pipeError(end pipeEnd, err error) error {
	return &net.OpError{Op: string(end.op), Net: "pipe", Err: syscallError("fcntl", err)}
}

// pipeOpening is a file on its way to becoming a transport.
type pipeOpening struct {
	loop   *Loop
	file   *os.File
	kind   platform.Kind
	silent bool
	// overlapped is a pipe that can be waited for where the kernel tells of no
	// readiness: non-blocking, as far as the system knows the word.
	overlapped bool

	fd       int // a duplicate; the file's own until handOver
	restore  func(fd int)
	protocol protocols.Protocol
}

// examine looks at the arguments and changes nothing.
func (o *pipeOpening) examine(end pipeEnd, factory func() protocols.Protocol) error {
	if factory == nil {
		return errNilFactory
	}
	if o.file == nil {
		return invalid("nil file")
	}
	var reads, writes bool
	err := controlFile(o.file, func(fd int) (err error) {
		if o.kind, err = platform.FileKind(fd); err != nil {
			return err
		}
		if reads, writes, err = platform.AccessMode(fd); err != nil || o.kind != platform.KindFIFO {
			return err
		}
		o.overlapped, err = platform.IsNonblocking(fd)
		return err
	})
	switch {
	case err != nil:
		return err
	case !isPipeLike(o.kind):
		return invalid("%s is a %v, not a pipe, socket or character device", o.file.Name(), o.kind)
	case end.writes && !writes || !end.writes && !reads:
		return invalid("%s is not open for %s", o.file.Name(), end.purpose)
	}
	// Whoever can read a FIFO is itself a reader that will not go away. Of a named
	// pipe it is the other way round: its end is heard of by reading.
	deaf := reads == o.loop.driver.knowsReadiness()
	o.silent = end.writes && (o.kind == platform.KindCharDevice || o.kind == platform.KindFIFO && deaf)
	return nil
}

func isPipeLike(k platform.Kind) bool {
	return k == platform.KindFIFO || k == platform.KindSocket || k == platform.KindCharDevice
}

// check asks what depends on the loop.
func (o *pipeOpening) check(end pipeEnd) error {
	switch {
	case o.kind == platform.KindCharDevice:
		return o.loop.table.Check(end.charDevice)
	case o.kind == platform.KindFIFO && !o.overlapped && !o.loop.driver.knowsReadiness():
		return &platform.UnsupportedError{
			Op: string(end.op), Loop: o.loop.kind, OS: o.loop.table.Target().OS,
			Reason:      "the pipe was not opened for overlapped calls",
			Alternative: "platform.OverlappedPipe, or a named pipe opened with FILE_FLAG_OVERLAPPED",
		}
	}
	return nil
}

// begin calls the factory and duplicates the descriptor; after a failure the file
// is closed.
func (o *pipeOpening) begin(factory func() protocols.Protocol) (err error) {
	defer func() {
		if err != nil {
			_ = o.file.Close()
		}
	}()
	o.protocol, err = protect(func() (protocols.Protocol, error) { return factory(), nil })
	if err == nil && o.protocol == nil {
		err = errNilFactoryResult
	}
	if err != nil {
		return err
	}
	return controlFile(o.file, func(fd int) (err error) {
		if o.fd, err = platform.DupFD(fd); err != nil {
			return os.NewSyscallError("dup", err)
		}
		_ = platform.LeavePort(o.fd) // who can not do without it will say so
		if o.restore, err = o.loop.modes.unblock(o.fd); err != nil {
			platform.CloseFD(o.fd)
			return os.NewSyscallError("setnonblock", err)
		}
		return nil
	})
}

func (o *pipeOpening) config(made func()) transports.PipeConfig {
	return transports.PipeConfig{Made: made, Closing: func() { o.restore(o.fd) }, Silent: o.silent}
}

// handOver closes the file, which has a transport now; or, because that could not
// be made and has closed the duplicate, is to be left as it was found.
func (o *pipeOpening) handOver(err error) {
	if err != nil {
		_ = controlFile(o.file, func(fd int) error { o.restore(fd); return nil })
	}
	_ = o.file.Close()
}

// controlFile calls f with the descriptor of a file that can not be closed
// meanwhile. It does not go through Fd, which would make the file blocking.
func controlFile(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if raw.Control(func(fd uintptr) { err = f(int(fd)) }) != nil {
		return os.ErrClosed // package os shows an error of its own here
	}
	return err
}
