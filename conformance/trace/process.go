package trace

import (
	"hash/crc32"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// Process is a traced protocol of a child process.
type Process struct {
	// T is the transport, once there is one.
	T protocols.SubprocessTransport

	// Total is how many bytes have come through all pipes.
	Total int

	// Lost says that ConnectionLost was called.
	Lost bool

	x      *X
	c      int
	exited func(p *Process) // may be nil
	crc    map[int]uint32
}

var (
	_ protocols.SubprocessProtocol = (*Process)(nil)
	_ protocols.FlowController     = (*Process)(nil)
)

// Processes makes traced protocols of children; exited runs in ProcessExited and
// may be nil.
func (x *X) Processes(exited func(p *Process)) func() protocols.SubprocessProtocol {
	return func() protocols.SubprocessProtocol {
		p := &Process{x: x, c: x.processes, exited: exited, crc: map[int]uint32{}}
		x.processes++
		x.Emit("factory", Fields{"c": p.c})
		return p
	}
}

// Shell starts a child that runs a script.
func (x *X) Shell(script string, spec subprocess.Spec, exited func(p *Process)) *Process {
	spec.Path, spec.Args = shell(script)
	return x.Exec(spec, exited)
}

// Exec starts a child and waits until that is done.
func (x *X) Exec(spec subprocess.Spec, exited func(p *Process)) *Process {
	child := Must(x.Loop.SubprocessExec(x.Processes(exited), spec).Await(x.ctx))
	return child.Protocol.(*Process)
}

// ConnectionMade implements protocols.SubprocessProtocol.
func (p *Process) ConnectionMade(t protocols.SubprocessTransport) {
	p.T = t
	p.callback("connection_made", nil, nil)
}

// PipeDataReceived implements protocols.SubprocessProtocol.
func (p *Process) PipeDataReceived(fd int, data []byte) {
	p.Total += len(data)
	p.crc[fd] = crc32.Update(p.crc[fd], crc32.IEEETable, data)
	p.callback("pipe_data_received", Fields{"fd": fd, "n": len(data), "crc": p.crc[fd]}, nil)
}

// PipeConnectionLost implements protocols.SubprocessProtocol.
func (p *Process) PipeConnectionLost(fd int, err error) {
	p.callback("pipe_connection_lost", Fields{"fd": fd, "exc": Kind(err)}, nil)
}

// ProcessExited implements protocols.SubprocessProtocol.
func (p *Process) ProcessExited() {
	p.callback("process_exited", Fields{"returncode": p.ReturnCode()}, p.exited)
}

// PauseWriting implements protocols.FlowController.
func (p *Process) PauseWriting() { p.callback("pause_writing", nil, nil) }

// ResumeWriting implements protocols.FlowController.
func (p *Process) ResumeWriting() { p.callback("resume_writing", nil, nil) }

// ConnectionLost implements protocols.SubprocessProtocol.
func (p *Process) ConnectionLost(err error) {
	p.Lost = true
	p.callback("connection_lost", Fields{"exc": Kind(err)}, nil)
}

func (p *Process) callback(event string, fields Fields, hook func(*Process)) {
	defer p.x.changed()
	p.x.Emit(event, with(Fields{"c": p.c}, fields))
	p.x.within(event, func() {
		if hook != nil {
			hook(p)
		}
	})
}

// ReturnCode is nil until the child has ended.
func (p *Process) ReturnCode() any {
	if code, exited := p.T.ReturnCode(); exited {
		return code
	}
	return nil
}

// Op traces an operation on the transport.
func (p *Process) Op(name string, call func() error) {
	p.x.Op(name, Fields{"c": p.c}, call)
}

// Close closes the transport.
func (p *Process) Close() { p.Op("close", p.T.Close) }

// Kill sends SIGKILL.
func (p *Process) Kill() { p.Op("kill", p.T.Kill) }

// Terminate sends SIGTERM.
func (p *Process) Terminate() { p.Op("terminate", p.T.Terminate) }

// UntilLost waits for ConnectionLost.
func (p *Process) UntilLost() { p.x.Until(func() bool { return p.Lost }) }

// UntilTotal waits until n bytes have come.
func (p *Process) UntilTotal(n int) { p.x.Until(func() bool { return p.Total >= n }) }
