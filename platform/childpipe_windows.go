package platform

import (
	"crypto/rand"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// childPipeSize is how much a pipe of a child holds: as much as on Linux.
const childPipeSize = 64 << 10

// ChildPipe makes the pipe of one standard stream of a child. Ours is overlapped
// and is to be bound to a completion port; theirs is synchronous, as programs
// expect of their standard streams. Neither is inherited: theirs is to be
// duplicated for the child. input says that the child reads from it; our end can
// then be received from, too, which brings nothing but the news that the child
// has closed its end. Errors are *os.SyscallError.
//
// It is a named pipe, because an anonymous one knows no overlapped calls. The
// name can not be guessed, has one instance, and that one is connected when
// ChildPipe returns, so nobody else can come in between.
func ChildPipe(input bool) (ours, theirs int, err error) {
	name, err := windows.UTF16PtrFromString(fmt.Sprintf(`\\.\pipe\tidemill-child-%d-%s`, os.Getpid(), rand.Text()))
	if err != nil {
		return -1, -1, err
	}
	// The rights are those of CreatePipe's ends: some C libraries ask a standard
	// stream for its attributes, and set its mode.
	direction, access := uint32(windows.PIPE_ACCESS_INBOUND), uint32(windows.GENERIC_WRITE|windows.FILE_READ_ATTRIBUTES)
	if input {
		direction, access = windows.PIPE_ACCESS_DUPLEX, windows.GENERIC_READ|windows.FILE_WRITE_ATTRIBUTES
	}
	server, err := windows.CreateNamedPipe(name,
		direction|windows.FILE_FLAG_OVERLAPPED|windows.FILE_FLAG_FIRST_PIPE_INSTANCE,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		1, childPipeSize, childPipeSize, 0, nil)
	if err != nil {
		return -1, -1, os.NewSyscallError("CreateNamedPipe", err)
	}
	// Opening is connecting: a ConnectNamedPipe could only say that it is done.
	client, err := windows.CreateFile(name, access, 0, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		_ = windows.CloseHandle(server)
		return -1, -1, os.NewSyscallError("CreateFile", err)
	}
	return int(server), int(client), nil
}
