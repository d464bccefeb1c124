package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/subprocess"
)

func stdin(p *trace.Process, data string) { trace.Must(p.T.PipeTransport(0).Write([]byte(data))) }

func hasPipe(p *trace.Process, fd int) bool { return p.T.PipeTransport(fd) != nil }

var inherited = subprocess.Spec{
	Stdin: subprocess.Inherit, Stdout: subprocess.Inherit, Stderr: subprocess.Inherit,
}

// process is about children.
var process = []trace.Scenario{{
	Name: "proc_output",
	Doc:  "A child that writes, closes its outputs, then exits: pipe callbacks, then ProcessExited, then ConnectionLost.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("read z; echo out; read a; echo err >&2; exec >&- 2>&-; read b; exit 7", subprocess.Spec{}, nil)
		x.MarkWith("returned", trace.Fields{"pid": p.T.Pid() > 0, "returncode": p.ReturnCode()})
		x.Emit("extra", trace.Fields{"subprocess": p.T.ExtraInfo("subprocess") != nil})
		stdin(p, "z\n")
		p.UntilTotal(4)
		stdin(p, "a\n")
		p.UntilTotal(8)
		x.Sleep(200 * time.Millisecond)
		stdin(p, "b\n")
		p.UntilLost()
		x.MarkWith("after lost", trace.Fields{"returncode": p.ReturnCode(), "closing": p.T.IsClosing()})
	},
}, {
	Name: "proc_exit_before_eof",
	Doc:  "The child exits while a grandchild keeps stdout open: ProcessExited first, ConnectionLost after the pipe.",
	Run: func(x *trace.X) {
		x.Ready()
		x.Shell("(sleep 0.4; echo late) & exit 3",
			subprocess.Spec{Stdin: subprocess.DevNull, Stderr: subprocess.DevNull}, nil).UntilLost()
	},
}, {
	Name: "proc_close_kills",
	Doc:  "Close on a running child: pipes closed, child killed, ProcessExited, one ConnectionLost(nil).",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("exec sleep 30", subprocess.Spec{}, nil)
		p.Close()
		x.MarkWith("after close", trace.Fields{"closing": p.T.IsClosing()})
		p.Close()
		p.UntilLost()
	},
}, {
	Name: "proc_stdin_peer_closed",
	Doc:  "The child closes its stdin: PipeConnectionLost(0) at once, nil when nothing was buffered, EPIPE when something was.",
	Run: func(x *trace.X) {
		x.Ready()
		for _, big := range []bool{false, true} {
			p := x.Shell("echo ready; sleep 0.3; exec <&-; sleep 0.3", subprocess.Spec{Stderr: subprocess.DevNull}, nil)
			p.UntilTotal(6)
			if big {
				x.Op("stdin.write", nil, func() error {
					_, err := p.T.PipeTransport(0).Write(bytes.Repeat([]byte("x"), 1<<20))
					return err
				})
			}
			p.UntilLost()
		}
	},
}, {
	Name: "proc_no_pipes",
	Doc:  "Without pipes: PipeTransport is nil, ProcessExited then ConnectionLost.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("exit 0", subprocess.Spec{
			Stdin: subprocess.Inherit, Stdout: subprocess.Inherit, Stderr: subprocess.DevNull,
		}, nil)
		x.Emit("pipes", trace.Fields{"stdin": hasPipe(p, 0), "stdout": hasPipe(p, 1), "stderr": hasPipe(p, 2)})
		p.UntilLost()
	},
}, {
	Name: "proc_stderr_to_stdout",
	Doc:  "Stderr onto stdout: all output arrives on fd 1 and there is no pipe 2.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("echo a; echo b >&2; read x", subprocess.Spec{Stderr: subprocess.Stdout}, nil)
		p.UntilTotal(4)
		x.Emit("pipes", trace.Fields{"stderr": hasPipe(p, 2)})
		stdin(p, "\n")
		p.UntilLost()
	},
}, {
	Name: "proc_bad_args",
	Doc:  "Rejected combinations come before the factory; a missing program comes after it.",
	Run: func(x *trace.X) {
		x.Ready()
		factory := x.Processes(nil)
		exec := func(what string, spec subprocess.Spec) {
			_, err := x.Loop.SubprocessExec(factory, spec).Await(x.Context())
			x.Waited("subprocess_exec", trace.Fields{"what": what}, err)
		}
		exec("no program", subprocess.Spec{})
		exec("NUL", subprocess.Spec{Path: "true", Args: []string{"a\x00b"}})
		exec("stdin to stdout", subprocess.Spec{Path: "true", Stdin: subprocess.Stdout})
		exec("nil file", subprocess.Spec{Path: "true", Stdout: (*os.File)(nil)})
		exec("session and group", subprocess.Spec{Path: "true", NewSession: true, NewProcessGroup: true})
		exec("stdin beside a PTY", subprocess.Spec{Path: "true", PTY: &subprocess.PTY{}, Stdin: subprocess.DevNull})
		_, err := x.Loop.SubprocessShell(factory, "true", subprocess.Spec{Path: "true"}).Await(x.Context())
		x.Waited("subprocess_shell", trace.Fields{"what": "program"}, err)
		exec("missing program", subprocess.Spec{Path: "/no/such/program"})
	},
}, {
	Name: "proc_signal_dead",
	Doc:  "Signalling a finished child: harmless until ConnectionLost, ESRCH after it.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("exit 0", inherited, (*trace.Process).Kill)
		p.UntilLost()
		x.Settle()
		p.Kill()
		p.Terminate()
		p.Close()
	},
}, {
	Name: "proc_no_zombie",
	Doc:  "When ConnectionLost has been called the child has been reaped.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Shell("exit 0", inherited, nil)
		p.UntilLost()
		_, err := os.Stat(fmt.Sprintf("/proc/%d", p.T.Pid()))
		x.Emit("child", trace.Fields{"exists": err == nil})
	},
}}
