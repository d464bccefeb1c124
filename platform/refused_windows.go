package platform

import "runtime"

// What no handle of Windows can do is refused one by one, so that a direct caller
// hears it as well. The tables refuse the operations before they come here.
func refused(op, reason, alternative string) error {
	return &UnsupportedError{Op: op, OS: runtime.GOOS, Reason: reason, Alternative: alternative}
}

func noUnixSockets(op string) error {
	return refused(op, noUnixReason, noUnixAlternative)
}

func onlyOverlapped(op string) error {
	return refused(op, "a handle is read and written through a completion port", "a proactor loop")
}

// ReadFD is refused: select watches sockets only, and what is no socket is read
// by overlapped calls, which are the completion port's.
func ReadFD(int, []byte) (int, error) { return 0, onlyOverlapped("ReadFD") }

// WriteFD is refused as ReadFD is.
func WriteFD(int, []byte) (int, error) { return 0, onlyOverlapped("WriteFD") }

// SendFDs is refused: handles are given away by DuplicateHandle, to a process and
// not through a socket.
func SendFDs(fd int, b []byte, fds []int) (n int, err error) { return 0, noUnixSockets("SendFDs") }

// RecvFDs is refused as SendFDs is.
func RecvFDs(fd int, b []byte) (n int, fds []int, lost bool, err error) {
	return 0, nil, false, noUnixSockets("RecvFDs")
}

// SendFile is refused: TransmitFile, which is Windows's own way, completes through
// a completion port. Who asked copies.
func SendFile(out, in int, offset int64, n int) (int, error) {
	return 0, refused(string(SendfileNative), noTransmitFileReason, noTransmitFileAlternative)
}

// SetReusePort is refused: there is no SO_REUSEPORT.
func SetReusePort(int, bool) error {
	return refused(string(ReusePort), noReusePortReason, noReusePortAlternative)
}

// SetPacketInfo is refused: the control messages of Windows are not read yet.
func SetPacketInfo(int, bool) error { return noPacketInfo() }

// SetWindowSize is refused: there are no PTYs.
func SetWindowSize(fd int, rows, columns, width, height uint16) error {
	return refused(string(SubprocessPTY), noPTYReason, noPTYAlternative)
}
