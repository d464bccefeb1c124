//go:build unix

package main

import (
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
)

// onChange calls fn on the loop whenever the window has another size.
func (w *window) onChange(l *eventloop.Loop, fn func()) error {
	if !w.isTerminal() {
		return nil
	}
	return l.AddSignalHandler(syscall.SIGWINCH, fn)
}
