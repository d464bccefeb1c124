package protocols

import (
	"context"
	"os"
)

// SubprocessProtocol is what the transport of a child process calls, on the
// loop's goroutine. The order is: ConnectionMade; then PipeDataReceived,
// PipeConnectionLost and ProcessExited as they come, with nothing promised
// between different pipes or between a pipe and the exit (contract L8); and
// ConnectionLost last. A FlowController hears of the buffer of the child's
// standard input.
//
// A panic in PipeDataReceived ends that pipe with a *PanicError; in any other
// method it is only reported to the loop's exception handler.
type SubprocessProtocol interface {
	// ConnectionMade is called once, before anything else, when the child runs
	// and all its pipes are connected.
	ConnectionMade(t SubprocessTransport)

	// PipeDataReceived is given what came through a pipe of the child: fd is 1 or
	// 2, and 1 for a PTY. The slice is valid until PipeDataReceived returns.
	PipeDataReceived(fd int, data []byte)

	// PipeConnectionLost is called once for each pipe, standard input included:
	// with nil at its regular end, else with the cause. A PTY is one pipe, of
	// number 1.
	PipeConnectionLost(fd int, err error)

	// ProcessExited is called once, when the child itself has ended and was
	// reaped; the transport's ReturnCode is known. Pipes that a grandchild has
	// inherited may still be open.
	ProcessExited()

	// ConnectionLost is called once, last: after ProcessExited, and after every
	// pipe is lost. err is always nil.
	ConnectionLost(err error)
}

// SubprocessBase is a SubprocessProtocol and a FlowController that does nothing.
// Embed it and override what is needed.
type SubprocessBase struct{}

var (
	_ SubprocessProtocol = SubprocessBase{}
	_ FlowController     = SubprocessBase{}
)

// ConnectionMade does nothing.
func (SubprocessBase) ConnectionMade(SubprocessTransport) {}

// PipeDataReceived drops the data.
func (SubprocessBase) PipeDataReceived(int, []byte) {}

// PipeConnectionLost does nothing.
func (SubprocessBase) PipeConnectionLost(int, error) {}

// ProcessExited does nothing.
func (SubprocessBase) ProcessExited() {}

// ConnectionLost does nothing.
func (SubprocessBase) ConnectionLost(error) {}

// PauseWriting does nothing: the buffer goes on growing.
func (SubprocessBase) PauseWriting() {}

// ResumeWriting does nothing.
func (SubprocessBase) ResumeWriting() {}

// SubprocessFactory adapts a constructor of a concrete type to what
// SubprocessExec and SubprocessShell take. A nil constructor stays nil.
func SubprocessFactory[P SubprocessProtocol](construct func() P) func() SubprocessProtocol {
	if construct == nil {
		return nil
	}
	return func() SubprocessProtocol { return construct() }
}

// A SubprocessTransport is a child process and its pipes. It belongs to the
// goroutine of the loop that it was made on, but for Pid, Wait and Communicate,
// which may be called from any.
//
// ExtraInfo knows "subprocess", the *os.Process, which is for looking at: its
// Wait and Release would take the exit from the child watcher. There are no
// addresses.
type SubprocessTransport interface {
	// BaseTransport's Close closes every pipe as their own Close does, and kills
	// the child if it still runs; PipeConnectionLost, ProcessExited and
	// ConnectionLost follow. Abort does not send what is buffered for the child.
	// IsClosing stays false after ConnectionLost if nobody called Close.
	BaseTransport

	// Pid returns the child's process id, also when it has ended.
	Pid() int

	// ReturnCode returns the exit status, or minus the number of the signal that
	// ended the child; false as long as its end has not been noticed. It is 255
	// when somebody else has taken the status (contract L32).
	ReturnCode() (code int, exited bool)

	// SendSignal sends a signal to the child. Between the child's end and
	// ConnectionLost it does nothing and returns nil; after ConnectionLost it
	// returns an error that is ESRCH and os.ErrProcessDone. A signal never reaches
	// another process that was given the same number.
	//
	// On Windows SIGTERM and SIGKILL end the child at once, with return code 1.
	// os.Interrupt is Ctrl-Break, which a program takes like Ctrl-C, for a child
	// that leads a process group (subprocess.Spec.NewProcessGroup) and shares the
	// console; *os.SyscallError if there is no console. Everything else is
	// *platform.UnsupportedError.
	SendSignal(sig os.Signal) error

	// Terminate is SendSignal of SIGTERM, Kill of SIGKILL.
	Terminate() error
	Kill() error

	// PipeTransport returns the transport of a pipe: 0 is written to, 1 and 2 are
	// read. It returns nil where the child has no pipe and for other numbers, and
	// the closed transport after its end. For a PTY 0 and 1 are the same one,
	// which is both written to and read.
	PipeTransport(fd int) Transport

	// SetWindowSize tells the child's terminal its size, and the child, by
	// SIGWINCH, that it has changed. Without a PTY it returns an error that is
	// errors.ErrUnsupported; net.ErrClosed once the PTY is closed.
	SetWindowSize(size WindowSize) error

	// Wait waits for the end of the child itself and returns its ReturnCode;
	// pipes that a grandchild holds do not count. Any number of callers may wait,
	// and a wait that ends with ctx disturbs nobody.
	Wait(ctx context.Context) (returnCode int, err error)

	// Communicate sends input to the child, closes its standard input, reads its
	// outputs to their ends and waits for its exit. While it is at work the
	// outputs go to it and not to PipeDataReceived; what came before went to the
	// protocol, unless that had paused the pipes in ConnectionMade, as
	// subprocess.Held does. That the child does not take all of its input is no
	// error. If ctx ends first, what came so far is returned with its cause, and
	// the child goes on.
	Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error)

	// SetProtocol makes p hear all later events. A nil p panics.
	SetProtocol(p SubprocessProtocol)

	// Protocol returns the protocol in use, nil once ConnectionLost has returned.
	Protocol() SubprocessProtocol
}

// WindowSize is the size of a terminal, in characters and, where that is known,
// in pixels. Zero means unknown.
type WindowSize struct {
	Rows, Columns uint16
	Width, Height uint16
}
