package streams

import (
	"context"
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// Process is a child process whose standard streams are read and written by
// tasks. It belongs to the loop's goroutine, but for Pid and Wait.
//
// An output that nobody reads is paused at twice DefaultLimit; then the child
// waits. Who wants only its end gives its outputs to subprocess.DevNull.
type Process struct {
	// Stdin writes to the child's standard input, Stdout and Stderr read its
	// outputs; each is nil where there is no pipe. On a PTY, Stdin and Stdout are
	// the terminal. The child's reading end may go before everything is sent:
	// Stdin then gets EPIPE or, in Drain, ECONNRESET.
	Stdin          *StreamWriter
	Stdout, Stderr *StreamReader

	tasks     *future.Tasks
	transport protocols.SubprocessTransport
}

// Transport returns the child's transport, for what a Process does not have: the
// size of a terminal's window for one.
func (p *Process) Transport() protocols.SubprocessTransport { return p.transport }

// Pid returns the child's process id, also when it has ended. Any goroutine.
func (p *Process) Pid() int { return p.transport.Pid() }

// ReturnCode returns the exit status, or minus the number of the signal that
// ended the child; false as long as its end has not been noticed.
func (p *Process) ReturnCode() (code int, exited bool) { return p.transport.ReturnCode() }

// Wait waits for the end of the child itself and returns its ReturnCode. Pipes
// that a grandchild holds do not count, and what the child wrote last may still be
// on its way. If ctx ends first, its cause is returned and the child goes on. Any
// goroutine or task, any number of them.
func (p *Process) Wait(ctx context.Context) (returnCode int, err error) {
	return p.transport.Wait(ctx)
}

// SendSignal sends a signal to the child. To one that has ended it does nothing;
// when its pipes are closed too, it returns os.ErrProcessDone.
func (p *Process) SendSignal(sig os.Signal) error { return p.transport.SendSignal(sig) }

// Terminate is SendSignal of SIGTERM. On Windows it ends the child at once.
func (p *Process) Terminate() error { return p.transport.Terminate() }

// Kill is SendSignal of SIGKILL.
func (p *Process) Kill() error { return p.transport.Kill() }

// Close closes the pipes, and kills the child if it still runs. It waits for
// nothing; the child is reaped. The error is always nil.
func (p *Process) Close() error { return p.transport.Close() }

// Communicate sends input to the child, closes its standard input, reads its
// outputs to their ends, from what the readers hold on, and waits for its exit.
// An output without a pipe is nil. That the child does not take all of its input
// is no error. Errors are those of subprocess.Transport's Communicate,
// eventloop.ErrInvalidState while a task reads an output. Beside an error it
// returns what came before; if ctx ends first, that is its cause, and the child
// goes on.
func (p *Process) Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	if !p.tasks.OnLoop() {
		return nil, nil, errElsewhere
	}
	if p.tasks.Current() == nil {
		return nil, nil, eventloop.ErrAwaitOnLoop
	}
	for _, r := range []*StreamReader{p.Stdout, p.Stderr} {
		if r != nil && r.waiter != nil {
			return nil, nil, fmt.Errorf("%w: a task waits for an output of the child", eventloop.ErrInvalidState)
		}
	}
	before, beforeErr := p.Stdout.held(), p.Stderr.held()
	stdout, stderr, err = p.transport.Communicate(ctx, input)
	return joined(before, stdout), joined(beforeErr, stderr), err
}

// held takes what a reader holds; nil where there is none.
func (r *StreamReader) held() []byte {
	if r == nil {
		return nil
	}
	all := append([]byte{}, r.in.bytes()...)
	r.in.drop(len(all))
	return all
}

func joined(first, second []byte) []byte {
	if len(first) == 0 && second != nil {
		return second
	}
	return append(first, second...)
}
