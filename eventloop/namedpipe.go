package eventloop

import (
	"net"
	"strings"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// CreatePipeServer serves a named pipe of Windows, as asyncio's
// start_serving_pipe: factory is called for every client, before its transport.
// The name begins with \\.\pipe\. The transport is a stream in both directions
// that has one end: CanWriteEOF is false, and ExtraInfo knows "pipe" and "addr",
// the name. Clients of other machines are rejected. Of a Server, Sockets are none
// and PauseAccepting leaves one client waiting.
//
// The future fails with: *platform.UnsupportedError, before anything is looked at,
// on every other kind of loop; *net.OpError around an error about a nil factory,
// *net.AddrError for what is no name of a pipe, or the errno: ERROR_ACCESS_DENIED
// if another server has the name; ErrLoopClosed. Any goroutine.
func (l *Loop) CreatePipeServer(factory func() protocols.Protocol, name string) *Future[*Server] {
	if err := l.table.Check(platform.CreatePipeServer); err != nil {
		return failed[*Server](l, err)
	}
	addr := platform.PipeAddr(name)
	if err := checkPipe(factory, name); err != nil {
		return failed[*Server](l, listenError(pipeNetwork, addr, err))
	}
	s := &Server{loop: l, factory: factory, network: pipeNetwork}
	return submit(l, func(f *Future[*Server]) {
		s.open(f, func() error { return s.bindPipe(name) })
	})
}

func (s *Server) bindPipe(name string) error {
	fd, err := s.loop.driver.listenPipe(name)
	if err != nil {
		return listenError(s.network, platform.PipeAddr(name), syscallError("CreateNamedPipe", err))
	}
	local := platform.PipeSockaddr(name)
	s.add(&serverSocket{
		fd: fd, local: local, addr: local.NetAddr(s.network), view: platform.NewSocket(fd),
		given: true, // a client may connect already
	})
	return nil
}

// CreatePipeConnection connects to a named pipe of Windows and then calls factory,
// as asyncio's create_pipe_connection; it is done when ConnectionMade has
// returned. While all instances of the pipe have their clients it tries again,
// after a millisecond at first and at least every tenth of a second, until it is
// cancelled. CreatePipeServer says what the transport is like.
//
// The future fails with: *platform.UnsupportedError, before anything is looked at,
// on every other kind of loop; *net.OpError around an error about a nil factory,
// *net.AddrError for what is no name of a pipe, or the errno: ERROR_FILE_NOT_FOUND,
// which is fs.ErrNotExist, if nobody serves it; ErrLoopClosed; *PanicError if
// factory panics. Any goroutine.
func (l *Loop) CreatePipeConnection(factory func() protocols.Protocol, name string) *Future[Connection] {
	if err := l.table.Check(platform.CreatePipeConnection); err != nil {
		return failed[Connection](l, err)
	}
	c := newConnector(l, factory, pipeNetwork, nil)
	if err := checkPipe(factory, name); err != nil {
		return failed[Connection](l, c.opError(nil, platform.PipeAddr(name), err))
	}
	return submit(l, func(f *Future[Connection]) {
		c.result = f
		(&pipeDial{connector: c, name: name, open: platform.OpenNamedPipe}).try()
	})
}

const (
	pipeNetwork = "pipe"
	pipePrefix  = `\\.\pipe\`

	// A server makes the next instance of its pipe when the last one has its client,
	// and there is no way to be told of that without blocking.
	busyPause    = time.Millisecond
	busyPauseMax = 100 * time.Millisecond
)

func checkPipe(factory func() protocols.Protocol, name string) error {
	rest := len(name) - len(pipePrefix)
	switch {
	case factory == nil:
		return errNilFactory
	case rest <= 0, !strings.EqualFold(name[:len(pipePrefix)], pipePrefix):
		return &net.AddrError{Err: `the name of a pipe begins with \\.\pipe\`, Addr: name}
	case strings.Contains(name, "\x00"):
		return &net.AddrError{Err: "a NUL in the name of a pipe", Addr: name}
	}
	return nil
}

// pipeDial is one CreatePipeConnection that goes on.
type pipeDial struct {
	*connector
	name  string
	open  func(name string) (fd int, err error)
	pause time.Duration
}

func (d *pipeDial) try() {
	fd, err := d.open(d.name)
	switch {
	case err == nil:
		d.result.OnCancel(nil)
		d.connected(fd, platform.PipeSockaddr(d.name))
	case platform.IsPipeBusy(err):
		d.pause = min(max(2*d.pause, busyPause), busyPauseMax)
		timer := d.loop.CallLater(d.pause, d.try)
		d.result.OnCancel(func() { timer.Cancel() })
	default:
		d.result.SetError(d.opError(nil, platform.PipeAddr(d.name), syscallError("CreateFile", err)))
	}
}

// listenPipe implements driver.
func (d *completionDriver) listenPipe(name string) (fd int, err error) {
	if pipes, ok := proactor.As[proactor.PipeListener](d.p); ok {
		return pipes.ListenPipe(name)
	}
	return -1, d.loop.noPipes()
}

// listenPipe implements driver.
func (d *readinessDriver) listenPipe(string) (fd int, err error) { return -1, d.loop.noPipes() }

// noPipes is for a mechanism of the program's own that the tables do not know.
func (l *Loop) noPipes() error {
	return &platform.UnsupportedError{
		Op: string(platform.CreatePipeServer), Loop: l.kind, OS: l.table.Target().OS,
		Reason: "the loop's mechanism serves no named pipes", Alternative: "CreateServer",
	}
}
