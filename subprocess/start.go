package subprocess

import (
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// Config is what Start needs beside the loop. Only Made and Lost may be nil.
type Config struct {
	Spec    Spec // checked, and nobody else's
	Factory func() protocols.SubprocessProtocol
	Watcher ChildWatcher

	// Made is called when ConnectionMade has returned or failed, before the first
	// byte is read.
	Made func()

	// Lost is called at the very end: when ConnectionLost has returned or failed,
	// or in its place if the child was abandoned.
	Lost func()
}

// Start starts a child, on the goroutine of the host's loop. In this order: the
// watcher is asked whether it is active, the protocol made, the program started,
// the pipes connected, the watcher told. ConnectionMade is called in the next
// iteration but one.
//
// It returns ErrInvalidState for a watcher that is closed, *future.PanicError if
// the factory panics, *os.PathError if the program can not be started,
// *os.SyscallError if there is no pipe for it, and the errors of the watcher and
// of transports. Nothing is left then: a child that runs already is killed.
func Start(host Host, cfg Config) (*Transport, error) {
	end, err := cfg.Watcher.Begin()
	if err != nil {
		return nil, err
	}
	defer end()
	s := starter{host: host, cfg: cfg, files: newFiles()}
	defer s.files.closeAll()
	t, err := s.start()
	if err != nil {
		return nil, err
	}
	return t, nil
}

// starter is a child on its way.
type starter struct {
	host  Host
	cfg   Config
	files files
}

func (s *starter) start() (*Transport, error) {
	protocol, err := s.protocol()
	if err != nil {
		return nil, err
	}
	process, err := s.spawn()
	if err != nil {
		return nil, err
	}
	t := newTransport(s.host, process, protocol, &s.cfg)
	// Two turns, asked for before those of the pipes: the start has taken its
	// time, and a cancellation that was posted meanwhile is to go first. The pipes
	// are read two turns from now, too, but after ConnectionMade.
	s.host.CallSoon(func() { s.host.CallSoon(t.connectionMade) })
	err = s.connect(t)
	if err == nil {
		err = s.cfg.Watcher.AddChildHandler(s.host, process, t.exited)
	}
	if err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}

func (s *starter) protocol() (p protocols.SubprocessProtocol, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = future.NewPanicError(v)
		}
	}()
	if p = s.cfg.Factory(); p == nil {
		return nil, errNilProtocol
	}
	return p, nil
}

// spawn starts the program and closes what is the child's.
func (s *starter) spawn() (*os.Process, error) {
	defer s.files.closeChild()
	spec := &s.cfg.Spec
	path, err := spec.find()
	if err != nil {
		return nil, err
	}
	if err := s.files.open(spec); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Path, err)
	}
	arg0 := spec.Arg0
	if arg0 == "" {
		arg0 = spec.Path
	}
	return os.StartProcess(path, append([]string{arg0}, spec.Args...), &os.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: s.files.child,
		Sys:   spec.attributes(),
	})
}

// connect makes transports of our ends.
func (s *starter) connect(t *Transport) error {
	if s.files.master >= 0 {
		if err := s.connectTerminal(t); err != nil {
			return err
		}
	}
	for fd := range s.files.parent {
		if s.files.parent[fd] >= 0 {
			if err := s.connectPipe(t, fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *starter) connectPipe(t *Transport, fd int) (err error) {
	e := &end{of: t, fd: fd}
	ours := take(&s.files.parent[fd])
	if fd == 0 {
		var w *transports.WritePipe
		if w, err = transports.NewWritePipe(s.host, ours, e, e.config()); err == nil {
			e.transport = w
		}
	} else {
		var r *transports.ReadPipe
		if r, err = transports.NewReadPipe(s.host, ours, e, e.config()); err == nil {
			e.transport = r
		}
	}
	if err == nil {
		t.ends[fd] = e
	}
	return err
}

// connectTerminal makes the one transport that is the child's input and output.
func (s *starter) connectTerminal(t *Transport) error {
	e := &end{of: t, fd: 1}
	terminal, err := transports.NewTerminal(s.host, take(&s.files.master), e, e.terminalConfig())
	if err != nil {
		return err
	}
	e.transport, t.terminal = terminal, terminal
	t.ends[0], t.ends[1] = e, e
	return nil
}
