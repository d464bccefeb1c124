package subprocess

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/protocols"
)

// SendSignal implements protocols.SubprocessTransport. Between the child's end
// and the watcher's word of it os.Process knows, by its handle or because the
// watcher has reaped through it, that there is nobody to signal.
func (t *Transport) SendSignal(sig os.Signal) error {
	if err := t.offLoop("SendSignal"); err != nil {
		return err
	}
	switch {
	case sig == nil:
		return invalid("nil signal")
	case t.is(isLost):
		return errGone()
	case t.is(hasExited):
		return nil
	}
	if err := t.signal(sig); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Terminate implements protocols.SubprocessTransport.
func (t *Transport) Terminate() error { return t.SendSignal(syscall.SIGTERM) }

// Kill implements protocols.SubprocessTransport.
func (t *Transport) Kill() error { return t.SendSignal(os.Kill) }

// SetWindowSize implements protocols.SubprocessTransport.
func (t *Transport) SetWindowSize(size protocols.WindowSize) error {
	if t.terminal == nil {
		return fmt.Errorf("%w: SetWindowSize of a child without a PTY", errors.ErrUnsupported)
	}
	return t.terminal.SetWindowSize(size)
}
