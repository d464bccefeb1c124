package platform

import (
	"os"

	"golang.org/x/sys/windows"
)

// CloseFD closes a descriptor, a socket or any other handle. Winsock keeps books
// on its sockets, so closesocket is asked first; callers know descriptors only,
// and what it says is no socket is the kernel's to close. ERROR_INVALID_HANDLE if
// there is no such handle.
func CloseFD(fd int) error {
	if !isNumber(fd) {
		return windows.ERROR_INVALID_HANDLE
	}
	err := windows.Closesocket(handleOf(fd))
	if err == windows.WSAENOTSOCK || err == windows.WSANOTINITIALISED {
		return windows.CloseHandle(handleOf(fd))
	}
	return err
}

// DupFD returns another descriptor of the same socket, pipe or file, not
// inherited, the caller's to close. A socket's is non-blocking only once
// SetNonblock was called for it, and overlapped. What the original was bound to a
// completion port for, the other one is too: ports go with the open file.
func DupFD(fd int) (int, error) {
	if !isNumber(fd) {
		return -1, windows.ERROR_INVALID_HANDLE
	}
	if !isSocket(fd) {
		return duplicateHandle(handleOf(fd))
	}
	// Winsock's own way, because a handle that the kernel duplicates is unknown to
	// it: calls find it, but its close leaks what they have noted.
	var info windows.WSAProtocolInfo
	if err := windows.WSADuplicateSocket(handleOf(fd), uint32(os.Getpid()), &info); err != nil {
		return -1, err
	}
	const fromInfo = -1 // FROM_PROTOCOL_INFO
	s, err := windows.WSASocket(fromInfo, fromInfo, fromInfo, &info, 0, ourSockets)
	if err != nil {
		return -1, err
	}
	return int(s), nil
}

// dupForFile duplicates for an *os.File, which closes its handle without telling
// Winsock: so Winsock is not told of it either.
func dupForFile(fd int) (int, error) {
	if !isNumber(fd) {
		return -1, windows.ERROR_INVALID_HANDLE
	}
	return duplicateHandle(handleOf(fd))
}

// isSocket takes every refusal for a no: of what is no socket Winsock says
// WSAENOTSOCK, Wine's also WSAEOPNOTSUPP and WSAEINVAL.
func isSocket(fd int) bool {
	_, err := SocketType(fd)
	return err == nil
}

func duplicateHandle(h windows.Handle) (int, error) {
	var other windows.Handle
	self := windows.CurrentProcess()
	err := windows.DuplicateHandle(self, h, self, &other, 0, false, windows.DUPLICATE_SAME_ACCESS)
	if err != nil {
		return -1, err
	}
	return int(other), nil
}

// FileKind tells what is behind a descriptor; ERROR_INVALID_HANDLE if nothing is, or
// nothing of the kind, as a port or an event. GetFileType takes sockets for pipes,
// so Winsock is asked first.
func FileKind(fd int) (Kind, error) {
	if !isNumber(fd) {
		return KindUnknown, windows.ERROR_INVALID_HANDLE
	}
	if isSocket(fd) {
		return KindSocket, nil
	}
	kind, err := windows.GetFileType(handleOf(fd))
	switch kind {
	case windows.FILE_TYPE_PIPE:
		return KindFIFO, nil
	case windows.FILE_TYPE_CHAR:
		return KindCharDevice, nil
	case windows.FILE_TYPE_DISK:
		return diskKind(handleOf(fd))
	}
	// Zero is the answer for what has no type and for what is no file alike; only
	// the error tells them apart.
	if err == windows.ERROR_INVALID_HANDLE {
		return KindUnknown, err
	}
	return KindUnknown, nil
}

func diskKind(h windows.Handle) (Kind, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return KindUnknown, err
	}
	if info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0 {
		return KindDirectory, nil
	}
	return KindRegular, nil
}

// Pipe makes an anonymous pipe, both ends of which block and are not inherited. A
// completion port takes neither of them: OverlappedPipe makes those.
func Pipe() (r, w int, err error) {
	var read, write windows.Handle
	if err := windows.CreatePipe(&read, &write, nil, 0); err != nil {
		return -1, -1, err
	}
	return int(read), int(write), nil
}
