package eventloop

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// unixSockaddr checks the path or abstract name of a Unix socket. As in package
// net an abstract name begins with '@'; the kernel's own spelling, a NUL, will
// do as well.
func unixSockaddr(path string) (platform.Sockaddr, error) {
	wrong := func(what string) (platform.Sockaddr, error) {
		return platform.Sockaddr{}, &net.AddrError{Err: what, Addr: path}
	}
	switch limit := platform.UnixPathLimit(isAbstract(path)); {
	case path == "":
		return wrong("a Unix socket needs a path")
	case len(path) > limit:
		return wrong(fmt.Sprintf("the path of a Unix socket can have %d bytes, this one has %d", limit, len(path)))
	case isAbstract(path):
		return platform.UnixSockaddr("@" + path[1:]), nil
	case strings.Contains(path, "\x00"):
		return wrong("a NUL in the path of a Unix socket")
	}
	return platform.UnixSockaddr(path), nil
}

func isAbstract(path string) bool {
	return strings.HasPrefix(path, "@") || strings.HasPrefix(path, "\x00")
}

// makeWay removes the file of a dead server: one that lstat calls a socket and
// where nobody answers. Everything else stays, and bind will say that it is in
// the way (contract J3, J4; not J2: nobody loses a running server).
func (l *Loop) makeWay(path string) {
	found := lookAt(path)
	if found == nil || found.info.Mode()&os.ModeSocket == 0 || isAlive(path) {
		return
	}
	if err := found.remove(); err != nil {
		l.log().Warn("the socket of a dead server can not be removed", "path", path, "error", err)
	}
}

// isAlive reports whether somebody may have the socket file open. Only a refused
// connect says that nobody has; EACCES, for one, says nothing.
//
// The one that asks is a datagram socket: the kernel looks for the owner of the
// file first and for its type then. A stream server's answer is EPROTOTYPE, also
// while it does not listen yet, and it never hears of the question; a stream
// socket would be one more client.
func isAlive(path string) bool {
	fd, err := platform.OpenSocket(syscall.AF_UNIX, syscall.SOCK_DGRAM)
	if err != nil {
		return true
	}
	defer platform.CloseFD(fd)
	return platform.Connect(fd, platform.UnixSockaddr(path)) != syscall.ECONNREFUSED
}

// inTheWay is bind's EADDRINUSE together with what is there.
func inTheWay(path string, bind error) error {
	found := lookAt(path)
	what := "something is there"
	switch {
	case found == nil:
		return bind
	case found.info.IsDir():
		what = "a directory is there"
	case found.info.Mode().IsRegular():
		what = "a regular file is there"
	case found.info.Mode()&os.ModeSocket != 0:
		what = "another server has it"
	}
	return fmt.Errorf("%w (%s)", bind, what)
}

// A socketFile is a file as it was when it was looked at. It is recognised by
// device, inode and time: an inode's number alone is given away again.
type socketFile struct {
	path string // absolute, if that can be found out: the program may change its directory
	info os.FileInfo
}

// lookAt returns nil if there is nothing, or nothing that can be looked at.
func lookAt(path string) *socketFile {
	info, err := os.Lstat(path)
	if err != nil {
		return nil
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return &socketFile{path: path, info: info}
}

// remove unlinks the file if it still is the same one. Nothing does that in one
// step, and so a file that comes in between is lost; it would have to be bound
// within these two calls. unlink, unlike os.Remove, never takes a directory.
func (f *socketFile) remove() error {
	now, err := os.Lstat(f.path)
	if err != nil || !os.SameFile(now, f.info) || !now.ModTime().Equal(f.info.ModTime()) {
		return nil
	}
	if err := syscall.Unlink(f.path); err != nil {
		return &os.PathError{Op: "unlink", Path: f.path, Err: err}
	}
	return nil
}
