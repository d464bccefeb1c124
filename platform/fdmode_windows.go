package platform

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Classes of NtQueryInformationFile, documented with FILE_ACCESS_INFORMATION and
// FILE_MODE_INFORMATION.
const (
	fileAccessInformation = 8
	fileModeInformation   = 16
	synchronousFile       = windows.FILE_SYNCHRONOUS_IO_ALERT | windows.FILE_SYNCHRONOUS_IO_NONALERT
)

// SetNonblock makes a socket non-blocking. Anything else is overlapped from its
// opening, which comes to the same and for which nothing is done, or never will
// be: an *UnsupportedError.
func SetNonblock(fd int) error {
	if isSocket(fd) {
		return ioctl(fd, fionbio, true)
	}
	overlapped, err := isOverlapped(fd)
	if err == nil && !overlapped {
		err = refused("SetNonblock", "a handle is opened for overlapped calls or never takes them",
			"a named pipe opened with FILE_FLAG_OVERLAPPED")
	}
	return err
}

// SetBlocking takes SetNonblock back; for a handle that is no socket nothing is
// done.
func SetBlocking(fd int) error {
	if isSocket(fd) {
		return ioctl(fd, fionbio, false)
	}
	_, err := isOverlapped(fd)
	return err
}

// IsNonblocking reports whether a pipe or another file was opened for overlapped
// calls. Winsock does not tell it of a socket: false, so that whoever must not
// block calls SetNonblock.
func IsNonblocking(fd int) (bool, error) {
	if isSocket(fd) {
		return false, nil
	}
	return isOverlapped(fd)
}

func isOverlapped(fd int) (bool, error) {
	mode, err := askFile(fd, fileModeInformation)
	return err == nil && mode&synchronousFile == 0, err
}

// AccessMode tells what a descriptor was opened for.
func AccessMode(fd int) (reads, writes bool, err error) {
	if isSocket(fd) {
		return true, true, nil
	}
	access, err := askFile(fd, fileAccessInformation)
	return access&windows.FILE_READ_DATA != 0, access&windows.FILE_WRITE_DATA != 0, err
}

// askFile returns the one word that these classes answer with.
func askFile(fd int, class uint32) (answer uint32, err error) {
	if !isNumber(fd) {
		return 0, windows.ERROR_INVALID_HANDLE
	}
	var status windows.IO_STATUS_BLOCK
	err = windows.NtQueryInformationFile(handleOf(fd), &status,
		(*byte)(unsafe.Pointer(&answer)), uint32(unsafe.Sizeof(answer)), class)
	if status, failed := err.(windows.NTStatus); failed {
		err = status.Errno()
	}
	return answer, err
}

// A FileID names what SetNonblock changes. That belongs to the handle here, and
// not to the file behind it, so every handle has its own.
type FileID struct{ handle int }

// FileIDOf fails with ERROR_INVALID_HANDLE for what is no handle.
func FileIDOf(fd int) (FileID, error) {
	if _, err := FileKind(fd); err != nil {
		return FileID{}, err
	}
	return FileID{handle: fd}, nil
}
