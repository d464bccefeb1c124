package platform

import (
	"crypto/rand"
	"net"
	"strings"

	"golang.org/x/sys/windows"
)

const (
	// pipePrefix is where the named pipes of this machine live.
	pipePrefix = `\\.\pipe\`

	// pipeBuffer is how much of each direction the kernel keeps; a write of more
	// waits until it is read.
	pipeBuffer = 64 << 10
)

// CreatePipeInstance makes one instance of a named pipe, an end that one client
// can connect to: of bytes, for both directions, overlapped, not inherited, for
// clients of this machine only. Any number of instances can have one name; first
// says that there must be none yet, ERROR_ACCESS_DENIED if there is. The name
// begins with \\.\pipe\, *net.AddrError otherwise.
func CreatePipeInstance(name string, first bool) (fd int, err error) {
	const mode = windows.PIPE_TYPE_BYTE | windows.PIPE_READMODE_BYTE | windows.PIPE_WAIT | windows.PIPE_REJECT_REMOTE_CLIENTS
	access := uint32(windows.PIPE_ACCESS_DUPLEX | windows.FILE_FLAG_OVERLAPPED)
	if first {
		access |= windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	}
	return createPipe(name, access, mode, windows.PIPE_UNLIMITED_INSTANCES)
}

func createPipe(name string, access, mode, instances uint32) (fd int, err error) {
	p, err := pipeName(name)
	if err != nil {
		return -1, err
	}
	h, err := windows.CreateNamedPipe(p, access, mode, instances, pipeBuffer, pipeBuffer, 0, nil)
	if err != nil {
		return -1, err
	}
	return int(h), nil
}

// OpenNamedPipe connects to a named pipe, for both directions, overlapped and not
// inherited. ERROR_FILE_NOT_FOUND: there is no such pipe; ERROR_PIPE_BUSY
// (IsPipeBusy): all its instances have their clients. The name as for
// CreatePipeInstance.
//
// The server learns who the client is and can not act in its name, as it could by
// default.
func OpenNamedPipe(name string) (fd int, err error) {
	return openPipe(name, windows.GENERIC_READ|windows.GENERIC_WRITE)
}

func openPipe(name string, access uint32) (fd int, err error) {
	p, err := pipeName(name)
	if err != nil {
		return -1, err
	}
	const flags = windows.FILE_FLAG_OVERLAPPED | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_IDENTIFICATION
	h, err := windows.CreateFile(p, access, 0, nil, windows.OPEN_EXISTING, flags, 0)
	if err != nil {
		return -1, err
	}
	return int(h), nil
}

func pipeName(name string) (*uint16, error) {
	if len(name) <= len(pipePrefix) || !strings.EqualFold(name[:len(pipePrefix)], pipePrefix) {
		return nil, &net.AddrError{Err: `not the name of a pipe, which begins with \\.\pipe\`, Addr: name}
	}
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, &net.AddrError{Err: "a pipe's name can not have a NUL in it", Addr: name}
	}
	return p, nil
}

// IsPipeBusy reports ERROR_PIPE_BUSY: all instances of a named pipe have their
// clients. The server makes another one soon, or it is overrun.
func IsPipeBusy(err error) bool { return errnoOf(err) == windows.ERROR_PIPE_BUSY }

// OverlappedPipe makes a pipe from w to r, both ends of which a completion port
// takes; neither is inherited. Anonymous pipes are never overlapped, so it is a
// named one whose name nobody can guess, with one instance: once it returns,
// nobody else can be connected.
func OverlappedPipe() (r, w int, err error) {
	const access = windows.PIPE_ACCESS_INBOUND | windows.FILE_FLAG_OVERLAPPED | windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	const mode = windows.PIPE_TYPE_BYTE | windows.PIPE_WAIT | windows.PIPE_REJECT_REMOTE_CLIENTS
	name := pipePrefix + "tidemill-" + rand.Text()
	r, err = createPipe(name, access, mode, 1)
	if err != nil {
		return -1, -1, err
	}
	// The server's end is connected by this, as CreatePipe's own is: no
	// ConnectNamedPipe is needed.
	w, err = openPipe(name, windows.GENERIC_WRITE|windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		_ = CloseFD(r)
		return -1, -1, err
	}
	return r, w, nil
}
