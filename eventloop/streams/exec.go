package streams

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// Exec starts a program as a child process of the loop; spec and errors are those
// of Loop.SubprocessExec. A standard stream that spec says nothing of is a pipe to
// the Process, unlike in asyncio, where it is inherited: say subprocess.Inherit
// for that.
//
//	p, err := streams.Exec(ctx, loop, subprocess.Spec{Path: "ls", Stdin: subprocess.DevNull})
//	if err != nil {
//		return err
//	}
//	list, err := p.Stdout.ReadAll(ctx)
//
// It suspends a task, and may be called from a goroutine as OpenConnection may.
// If ctx ends first, its cause is returned and the child is killed; later the end
// of ctx does not matter.
func Exec(ctx context.Context, l *eventloop.Loop, spec subprocess.Spec) (*Process, error) {
	return await(ctx, l.SubprocessExec(newChild(l), spec))
}

// Shell is Exec of a command line; spec and errors are those of
// Loop.SubprocessShell.
func Shell(ctx context.Context, l *eventloop.Loop, cmdline string, spec subprocess.Spec) (*Process, error) {
	return await(ctx, l.SubprocessShell(newChild(l), cmdline, spec))
}

func await(ctx context.Context, f *eventloop.Future[eventloop.SubprocessConnection]) (*Process, error) {
	c, err := f.Await(ctx)
	if err != nil {
		f.Abandon()
		return nil, err
	}
	return c.Protocol.(*child).process, nil
}

// child is the protocol of a Process.
type child struct {
	loop    *eventloop.Loop
	tasks   *future.Tasks
	shelf   shelf
	process *Process
	pty     bool
}

var (
	_ protocols.SubprocessProtocol = (*child)(nil)
	_ protocols.FlowController     = (*child)(nil)
)

func newChild(l *eventloop.Loop) func() protocols.SubprocessProtocol {
	tasks := schedulerOf(l).Tasks()
	return func() protocols.SubprocessProtocol {
		return &child{loop: l, tasks: tasks, process: &Process{tasks: tasks}}
	}
}

// ConnectionMade implements protocols.SubprocessProtocol.
func (c *child) ConnectionMade(t protocols.SubprocessTransport) {
	p := c.process
	p.transport = t
	if pipe := t.PipeTransport(0); pipe != nil {
		p.Stdin = &StreamWriter{loop: c.loop, tasks: c.tasks, shelf: &c.shelf, transport: pipe}
		c.pty = pipe == t.PipeTransport(1)
	}
	p.Stdout, p.Stderr = c.reader(t.PipeTransport(1)), c.reader(t.PipeTransport(2))
}

func (c *child) reader(pipe protocols.Transport) *StreamReader {
	if pipe == nil {
		return nil
	}
	r := &StreamReader{source: pipe}
	r.init(c.loop, c.tasks, &c.shelf, 0)
	return r
}

// PipeDataReceived implements protocols.SubprocessProtocol.
func (c *child) PipeDataReceived(fd int, data []byte) {
	if fd == 1 {
		c.process.Stdout.feed(data)
	} else {
		c.process.Stderr.feed(data)
	}
}

// PipeConnectionLost implements protocols.SubprocessProtocol. A terminal is one
// pipe, both ways.
func (c *child) PipeConnectionLost(fd int, err error) {
	p := c.process
	switch fd {
	case 1:
		p.Stdout.fail(err)
	case 2:
		p.Stderr.fail(err)
	}
	if fd == 0 || fd == 1 && c.pty {
		p.Stdin.lose(err)
	}
}

// ProcessExited implements protocols.SubprocessProtocol.
func (c *child) ProcessExited() {}

// ConnectionLost implements protocols.SubprocessProtocol.
func (c *child) ConnectionLost(error) {}

// PauseWriting implements protocols.FlowController: a child has one input.
func (c *child) PauseWriting() { c.process.Stdin.pause() }

// ResumeWriting implements protocols.FlowController.
func (c *child) ResumeWriting() { c.process.Stdin.resume() }
