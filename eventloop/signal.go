package eventloop

import (
	"errors"
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/signals"
)

// AddSignalHandler calls fn as an ordinary callback after sig has come, until
// RemoveSignalHandler or Close, and takes the signal's default action away until
// then. A second AddSignalHandler replaces the first. Of several signals that come
// before the loop gets to run, at least one is heard after the last. A handler
// that panics is reported and stays.
//
// Handlers are this loop's: every loop of a program hears the signals that it
// asked for, and so does everybody who uses os/signal. See package signals for
// what Go's runtime does with SIGURG, SIGPROF, SIGSEGV and others.
//
// Errors: *platform.UnsupportedError on Windows; ErrLoopClosed; os.ErrInvalid for
// a nil fn and for what is no signal of this system; ErrInvalidState, and
// signals.ErrUncatchable, for SIGKILL and SIGSTOP; ErrInvalidState in debug mode
// for a call from outside the loop's goroutine.
func (l *Loop) AddSignalHandler(sig os.Signal, fn func()) error {
	if err := l.mayHandle(platform.AddSignalHandler); err != nil {
		return err
	}
	if l.phase.Load() == closed {
		return fmt.Errorf("%w: AddSignalHandler", ErrLoopClosed)
	}
	if l.signals == nil {
		l.signals = signals.New(l.Post)
		l.whenClosed(l.signals.Close)
	}
	err := l.signals.Add(sig, fn)
	if errors.Is(err, signals.ErrUncatchable) {
		return fmt.Errorf("%w: AddSignalHandler: %w", ErrInvalidState, err)
	}
	if err != nil {
		return fmt.Errorf("AddSignalHandler: %w", err)
	}
	return nil
}

// RemoveSignalHandler takes a handler back and reports whether there was one. The
// default action is restored, unless others handle the signal. On a closed loop
// there is none. Errors: *platform.UnsupportedError on Windows; os.ErrInvalid for
// what is no signal of this system; ErrInvalidState as AddSignalHandler in debug
// mode.
func (l *Loop) RemoveSignalHandler(sig os.Signal) (bool, error) {
	if err := l.mayHandle(platform.RemoveSignalHandler); err != nil {
		return false, err
	}
	if _, err := signals.Number(sig); err != nil {
		return false, fmt.Errorf("RemoveSignalHandler: %w", err)
	}
	if l.signals == nil {
		return false, nil
	}
	return l.signals.Remove(sig)
}

// mayHandle is the platform's word, and debug mode's.
func (l *Loop) mayHandle(op platform.Operation) error {
	if err := l.table.Check(op); err != nil {
		return err
	}
	if l.debug.Load() && l.phase.Load() == active && !l.tasks.OnLoop() {
		return fmt.Errorf("%w: %s from outside the loop's goroutine; use Do", ErrInvalidState, op)
	}
	return nil
}
