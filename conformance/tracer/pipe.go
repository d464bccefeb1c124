package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

// fifo makes the FIFO that the driver opens the other end of.
func fifo(x *trace.X) (path string) {
	path = filepath.Join(x.Env.Tmp, "fifo")
	must(trace.Mkfifo(path))
	return path
}

func open(path string, flags int) *os.File {
	return trace.Must(os.OpenFile(path, flags|syscall.O_NONBLOCK, 0))
}

func sayFIFO(x *trace.X, path string) {
	x.Hello("fifo", trace.Fields{"path": path})
	x.Step() // the driver has opened its end
}

// readPipe is a read pipe whose writer the driver holds; until it does, the
// scenario keeps one open.
func readPipe(x *trace.X, hooks trace.Hooks) *trace.Stream {
	path := fifo(x)
	r, w := open(path, os.O_RDONLY), open(path, os.O_WRONLY)
	sayFIFO(x, path)
	must(w.Close())
	trace.Must(x.Loop.ConnectReadPipe(x.Factory(hooks), r).Await(x.Context()))
	return x.Streams[0]
}

func writePipe(x *trace.X) *trace.Stream {
	path := fifo(x)
	sayFIFO(x, path)
	trace.Must(x.Loop.ConnectWritePipe(x.Factory(trace.Hooks{}), open(path, os.O_WRONLY)).Await(x.Context()))
	return x.Streams[0]
}

func writeMiB(p *trace.Stream) { p.Write(bytes.Repeat([]byte("x"), 1<<20)) }

// pipe is about the transports of pipes.
var pipe = []trace.Scenario{{
	Name: "pipe_read_eof",
	Doc:  "Read pipe: data, then the writer closes; what EOFReceived returns does not matter.",
	Run: func(x *trace.X) {
		readPipe(x, trace.Hooks{EOF: keepOpen})
		x.Lost(1)
	},
}, {
	Name: "pipe_read_pause",
	Doc:  "Read pipe: pause and resume; data and the end of input wait.",
	Run: func(x *trace.X) {
		p := readPipe(x, trace.Hooks{Made: pause})
		x.Step()
		p.Probe()
		p.ResumeReading()
		x.Lost(1)
	},
}, {
	Name: "pipe_read_exc",
	Doc:  "Read pipe: a panic in DataReceived is reported and ends the pipe, as it ends a connection.",
	Run: func(x *trace.X) {
		readPipe(x, trace.Hooks{Data: func(_ *trace.Stream, data []byte) {
			if string(data) == "boom" {
				trace.Boom()
			}
		}})
		// The driver goes on to write, and has to find a reader.
		other := open(filepath.Join(x.Env.Tmp, "fifo"), os.O_RDONLY)
		x.Lost(1)
		written := eventloop.RunInExecutor(x.Loop, func() (int, error) { return other.Read(make([]byte, 4)) })
		trace.Must(written.Await(x.Context()))
	},
}, {
	Name: "pipe_write",
	Doc:  "Write pipe: writes arrive, WriteEOF closes the transport.",
	Run: func(x *trace.X) {
		p := writePipe(x)
		p.Ask("can_write_eof", nil, func() (any, error) { return p.T.CanWriteEOF(), nil })
		p.Write([]byte("hello"))
		p.WriteEOF()
		p.Write([]byte("dropped"))
		p.WriteEOF()
		p.Close()
		x.Lost(1)
	},
}, {
	Name: "pipe_write_peer_closed_idle",
	Doc:  "Write pipe, nothing buffered, the reader goes away: ConnectionLost(nil) without any write.",
	Run: func(x *trace.X) {
		writePipe(x)
		x.Lost(1)
	},
}, {
	Name: "pipe_write_peer_closed_buffered",
	Doc:  "Write pipe, data buffered, the reader goes away: ConnectionLost(EPIPE).",
	Run: func(x *trace.X) {
		writeMiB(writePipe(x))
		x.Lost(1)
	},
}, {
	Name: "pipe_write_flush_on_close",
	Doc:  "Write pipe: Close with data buffered delivers it all.",
	Run: func(x *trace.X) {
		p := writePipe(x)
		writeMiB(p)
		p.Close()
		p.Probe()
		x.Lost(1)
	},
}, {
	Name: "pipe_kinds",
	Doc:  "Which files the pipe calls take: regular files are refused before the factory is called.",
	Run: func(x *trace.X) {
		x.Ready()
		read := func(what string, file *os.File) eventloop.ReadPipeConnection {
			c, err := x.Loop.ConnectReadPipe(x.Factory(trace.Hooks{}), file).Await(x.Context())
			x.Waited("connect_read_pipe", trace.Fields{"what": what}, err)
			return c
		}
		write := func(what string, file *os.File) eventloop.WritePipeConnection {
			c, err := x.Loop.ConnectWritePipe(x.Factory(trace.Hooks{}), file).Await(x.Context())
			x.Waited("connect_write_pipe", trace.Fields{"what": what}, err)
			return c
		}
		regular := trace.Must(os.Create(filepath.Join(x.Env.Tmp, "f")))
		read("regular file", regular)
		write("regular file", regular)
		a, b, err := trace.SocketPair()
		must(err)
		must(read("socket", a).Transport.Close())
		must(write("socket", b).Transport.Close())
		master, slave, err := trace.OpenPTY()
		must(err)
		defer slave.Close()
		must(read("pty", master).Transport.Close())
		x.Lost(3)
	},
}}
