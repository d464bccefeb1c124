package proactor

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Calls that x/sys does not wrap, or only for memory that it can look into, which
// that of an operation is not.
var (
	kernel32      = windows.NewLazySystemDLL("kernel32.dll")
	procDequeue   = kernel32.NewProc("GetQueuedCompletionStatusEx")
	procReadFile  = kernel32.NewProc("ReadFile")
	procWriteFile = kernel32.NewProc("WriteFile")
	procPeekPipe  = kernel32.NewProc("PeekNamedPipe")
)

// soProtocolInfo is SO_PROTOCOL_INFOW.
const soProtocolInfo = 0x2005

// startWinsock may be called as often as one likes. It is never taken back: that
// would end all sockets of the process, whosever they are.
func startWinsock() error {
	return os.NewSyscallError("WSAStartup", windows.WSAStartup(0x202, new(windows.WSAData)))
}

// packet is the system's OVERLAPPED_ENTRY.
type packet struct {
	key       uintptr
	operation *operation // nil: a wake
	internal  uintptr
	n         uint32
}

// dequeue waits as many milliseconds for packets, and takes those that are there.
func dequeue(port windows.Handle, packets []packet, timeout uint32) (int, windows.Errno) {
	var n uint32
	ok, _, errno := syscall.SyscallN(procDequeue.Addr(), uintptr(port), uintptr(unsafe.Pointer(&packets[0])), uintptr(len(packets)),
		uintptr(unsafe.Pointer(&n)), uintptr(timeout), 0)
	if ok != 0 {
		return int(n), 0
	}
	return 0, errno
}

// readFile reads overlapped. No bytes are read from a pipe when there are some.
func readFile(h windows.Handle, b []byte, o *windows.Overlapped) windows.Errno {
	memory := unsafe.Pointer(unsafe.SliceData(b))
	if memory == nil {
		memory = unsafe.Pointer(o) // some drivers mind that there is none
	}
	ok, _, errno := syscall.SyscallN(procReadFile.Addr(), uintptr(h), uintptr(memory), uintptr(len(b)), 0, uintptr(unsafe.Pointer(o)))
	if ok != 0 {
		return 0
	}
	return errno
}

// writeFile writes overlapped.
func writeFile(h windows.Handle, b []byte, o *windows.Overlapped) windows.Errno {
	ok, _, errno := syscall.SyscallN(procWriteFile.Addr(), uintptr(h), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		0, uintptr(unsafe.Pointer(o)))
	if ok != 0 {
		return 0
	}
	return errno
}

// peekPipe returns how much can be read.
func peekPipe(h windows.Handle) (available uint32, errno windows.Errno) {
	ok, _, errno := syscall.SyscallN(procPeekPipe.Addr(), uintptr(h), 0, 0, 0, uintptr(unsafe.Pointer(&available)), 0)
	if ok != 0 {
		return available, 0
	}
	return 0, errno
}

// readBytes has a pipe's messages read as the bytes that they are, and reports
// whether that is so.
func readBytes(h windows.Handle) bool {
	mode := uint32(windows.PIPE_READMODE_BYTE | windows.PIPE_WAIT)
	if windows.SetNamedPipeHandleState(h, &mode, nil, nil) == nil {
		return true
	}
	err := windows.GetNamedPipeHandleState(h, &mode, nil, nil, nil, nil, 0)
	return err != nil || mode&windows.PIPE_READMODE_MESSAGE == 0
}

// skipPackets asks for no packets where a call has succeeded at once, and reports
// whether that works.
func skipPackets(h windows.Handle) bool {
	return windows.SetFileCompletionNotificationModes(h,
		windows.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS|windows.FILE_SKIP_SET_EVENT_ON_HANDLE) == nil
}

// isOverlapped asks for the mode that a file was opened in. What can not be asked
// counts as overlapped.
func isOverlapped(h windows.Handle) bool {
	const fileModeInformation, synchronous = 16, 0x10 | 0x20
	var mode uint32
	err := windows.NtQueryInformationFile(h, new(windows.IO_STATUS_BLOCK), (*byte)(unsafe.Pointer(&mode)), uint32(unsafe.Sizeof(mode)), fileModeInformation)
	return err != nil || mode&synchronous == 0
}

// leavePort ends the association of a file with its port.
func leavePort(h windows.Handle) error {
	var none struct {
		port windows.Handle
		key  uintptr
	}
	return windows.NtSetInformationFile(h, new(windows.IO_STATUS_BLOCK), (*byte)(unsafe.Pointer(&none)), uint32(unsafe.Sizeof(none)),
		windows.FileReplaceCompletionInformation)
}
