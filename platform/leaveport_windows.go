package platform

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// LeavePort ends what ties the open file of a descriptor to a completion port, so
// that another port may have it: packages os and net tie theirs to that of Go's
// runtime. No call may be under way. Windows can do so since 8.1, otherwise it is
// an errno, and whoever wants to have the file hears of it too.
func LeavePort(fd int) error {
	if !isNumber(fd) {
		return windows.ERROR_INVALID_HANDLE
	}
	const replaceCompletionInformation = 61
	var none struct{ port, key uintptr }
	var status windows.IO_STATUS_BLOCK
	err := windows.NtSetInformationFile(handleOf(fd), &status,
		(*byte)(unsafe.Pointer(&none)), uint32(unsafe.Sizeof(none)), replaceCompletionInformation)
	if status, failed := err.(windows.NTStatus); failed {
		return status.Errno()
	}
	return err
}
