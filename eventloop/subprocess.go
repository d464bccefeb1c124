package eventloop

import (
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// SubprocessConnection is the transport of a child process and the protocol that
// was made for it.
type SubprocessConnection struct {
	Transport protocols.SubprocessTransport
	Protocol  protocols.SubprocessProtocol
}

// SubprocessExec starts a program as a child process. factory is called, and the
// future is done when ConnectionMade has returned, before the first byte is read.
// The end of the child is noticed by the child watcher of the current policy.
// Cancelling the future kills the child.
//
// The future fails, before anything is done, with *platform.UnsupportedError; an
// error about a nil factory; those of Spec.Check; ErrLoopClosed; ErrInvalidState
// for a child watcher that is closed. After factory was called, with nothing left
// behind: *PanicError if it panics; *os.PathError around ENOENT, EACCES and so on
// if the program can not be started; *os.SyscallError around EMFILE and so on if
// there is no pipe for it. Any goroutine.
func (l *Loop) SubprocessExec(factory func() protocols.SubprocessProtocol, spec subprocess.Spec) *Future[SubprocessConnection] {
	if err := l.refuseChild(platform.SubprocessExec, &spec); err != nil {
		return failed[SubprocessConnection](l, err)
	}
	return l.startChild(factory, spec, spec.Check())
}

// SubprocessShell starts the shell, /bin/sh or on Windows %COMSPEC%, with a
// command line. spec says how, and has neither Path nor Arg0 nor Args. Text in
// cmdline that comes from elsewhere is a danger: pass it in Env. Everything else
// is as for SubprocessExec.
func (l *Loop) SubprocessShell(factory func() protocols.SubprocessProtocol, cmdline string, spec subprocess.Spec) *Future[SubprocessConnection] {
	if err := l.refuseChild(platform.SubprocessShell, &spec); err != nil {
		return failed[SubprocessConnection](l, err)
	}
	return l.startChild(factory, spec.Shell(cmdline), spec.CheckShell(cmdline))
}

// refuseChild is what the platform has against a child of this kind.
func (l *Loop) refuseChild(op platform.Operation, spec *subprocess.Spec) error {
	if spec.PTY != nil {
		if err := l.table.Check(platform.SubprocessPTY); err != nil {
			return err
		}
	}
	return l.table.Check(op)
}

func (l *Loop) startChild(factory func() protocols.SubprocessProtocol, spec subprocess.Spec, wrong error) *Future[SubprocessConnection] {
	switch {
	case factory == nil:
		return failed[SubprocessConnection](l, errNilFactory)
	case wrong != nil:
		return failed[SubprocessConnection](l, wrong)
	}
	cfg := subprocess.Config{Spec: spec.Clone(), Factory: factory}
	return submit(l, func(f *Future[SubprocessConnection]) {
		if err := l.beginChild(cfg, f); err != nil {
			f.SetError(err)
		}
	})
}

func (l *Loop) beginChild(cfg subprocess.Config, f *Future[SubprocessConnection]) (err error) {
	if cfg.Watcher, err = l.childWatcher(); err != nil {
		return err
	}
	var t *subprocess.Transport
	cfg.Made = func() {
		f.Deliver(SubprocessConnection{Transport: t, Protocol: t.Protocol()}, t.Abort)
	}
	cfg.Lost = func() { delete(l.children, t) }
	if t, err = subprocess.Start((*host)(l), cfg); err != nil {
		return err
	}
	l.children[t] = struct{}{}
	f.OnCancel(t.Abandon)
	return nil
}

// childWatcher is the policy's, where there is something to choose.
func (l *Loop) childWatcher() (subprocess.ChildWatcher, error) {
	if l.table.Check(platform.ChildWatcher) != nil {
		return subprocess.NewGoroutineWatcher(), nil
	}
	return CurrentPolicy().ChildWatcher()
}

// dropChildren is for Close: what still runs is killed, and reaped by its
// watcher.
func (l *Loop) dropChildren() {
	if n := len(l.children); n > 0 {
		l.log().Warn("the loop is closed with child processes that were not", "processes", n)
	}
	for c := range l.children {
		c.Drop()
	}
	clear(l.children)
}

var _ subprocess.Host = (*host)(nil)

func (h *host) AddReader(fd uintptr, fn func()) error { return h.loop().AddReader(fd, fn) }

func (h *host) RemoveReader(fd uintptr) (bool, error) { return h.loop().RemoveReader(fd) }

func (h *host) Scheduler() future.Scheduler { return (*scheduler)(h) }
