//go:build unix

package platform

import "golang.org/x/sys/unix"

// SetWindowSize tells a terminal its size in characters and in pixels, zero
// being unknown; fd may be either side of a pseudo-terminal. If that is a change,
// the foreground processes get SIGWINCH. ENOTTY for what is no terminal.
func SetWindowSize(fd int, rows, columns, width, height uint16) error {
	return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ,
		&unix.Winsize{Row: rows, Col: columns, Xpixel: width, Ypixel: height})
}
