package protocols

import (
	"errors"
	"os"
	"syscall"
)

// FilePasser is implemented by transports that can pass open files to the
// process at the other end and take what it passes: those of Unix stream sockets
// (unix(7), SCM_RIGHTS). Ask CanPassFiles first:
//
//	if p, ok := t.(protocols.FilePasser); ok && p.CanPassFiles() { ... }
//
// Like the rest of a transport it belongs to the loop's goroutine.
type FilePasser interface {
	// CanPassFiles reports whether this transport passes files. Where it is
	// false the two methods with an error return one that is
	// errors.ErrUnsupported.
	CanPassFiles() bool

	// WriteFiles is Write with files that the receiver gets not later than the
	// first byte of b, and not before the bytes that were written earlier. An
	// *os.File, a *net.TCPConn and so on will do; they may be closed when
	// WriteFiles has returned. Besides what Write returns: os.ErrInvalid, with
	// nothing written, if b is empty or there are more than 253 files, and the
	// *os.SyscallError of duplicating one.
	WriteFiles(b []byte, files ...syscall.Conn) (int, error)

	// AcceptFiles takes files that the peer passes, at first none: the kernel
	// closes what it passes then. At most limit of them may wait to be taken;
	// one more ends the connection with ErrFilesDropped. Zero or less: none.
	AcceptFiles(limit int) error

	// TakeFiles returns the files that have arrived, in order; they are then the
	// caller's. Inside DataReceived those that were passed with its bytes are
	// there. They are closed on exec, and blocking or not as the sender has
	// them. What nobody has taken is closed with the transport.
	TakeFiles() []*os.File
}

// ErrFilesDropped is why a connection ended: its peer passed more files than
// AcceptFiles allows or than this process has descriptors for.
var ErrFilesDropped = errors.New("passed files were dropped")
