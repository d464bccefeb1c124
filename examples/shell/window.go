package main

import (
	"os"

	"golang.org/x/term"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// window is the terminal that we were started in, as our standard input has it.
// It has a descriptor of its own: the other one will be a transport's, and the
// terminal is to be restored when that is long closed.
type window struct {
	fd     int         // -1: our input is no terminal
	before *term.State // nil: not changed
}

func openWindow() *window {
	fd, err := platform.DupFD(int(os.Stdin.Fd()))
	if err != nil {
		return &window{fd: -1} // there is no input at all
	}
	if !term.IsTerminal(fd) {
		_ = platform.CloseFD(fd)
		return &window{fd: -1}
	}
	return &window{fd: fd}
}

func (w *window) isTerminal() bool { return w.fd >= 0 }

// size returns zero for what is not known.
func (w *window) size() (size protocols.WindowSize) {
	if columns, rows, err := term.GetSize(w.fd); w.isTerminal() && err == nil {
		size.Columns, size.Rows = uint16(columns), uint16(rows)
	}
	return size
}

// makeRaw leaves echo, line editing and the meaning of ^C to the other side.
func (w *window) makeRaw() (err error) {
	if w.isTerminal() {
		w.before, err = term.MakeRaw(w.fd)
	}
	return err
}

// close takes makeRaw back.
func (w *window) close() {
	if w.before != nil {
		_ = term.Restore(w.fd, w.before) // there is nobody to tell: it is the terminal itself
		w.before = nil
	}
	if w.isTerminal() {
		_ = platform.CloseFD(w.fd)
		w.fd = -1
	}
}
