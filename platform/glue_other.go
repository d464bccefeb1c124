//go:build !unix

package platform

import "runtime"

// unbuilt refuses a call of the glue on a system whose loops are not built yet.
// The tables refuse the constructors there, so only a direct caller sees it.
func unbuilt(op string) error {
	return &UnsupportedError{
		Op:          op,
		OS:          runtime.GOOS,
		Reason:      "the system calls of its loops are not built yet",
		Alternative: "package net",
	}
}

// Recv is refused on this system.
func Recv(int, []byte) (int, error) { return -1, unbuilt("Recv") }

// Send is refused on this system.
func Send(int, []byte) (int, error) { return -1, unbuilt("Send") }

// ReadFD is refused on this system.
func ReadFD(int, []byte) (int, error) { return -1, unbuilt("ReadFD") }

// WriteFD is refused on this system.
func WriteFD(int, []byte) (int, error) { return -1, unbuilt("WriteFD") }

// Accept is refused on this system.
func Accept(int) (nfd int, peer Sockaddr, err error) { return -1, Sockaddr{}, unbuilt("Accept") }

// OpenSocket is refused on this system.
func OpenSocket(family, sotype int) (fd int, err error) { return -1, unbuilt("OpenSocket") }

// Bind is refused on this system.
func Bind(int, Sockaddr) error { return unbuilt("Bind") }

// Listen is refused on this system.
func Listen(fd, backlog int) error { return unbuilt("Listen") }

// Connect is refused on this system.
func Connect(int, Sockaddr) error { return unbuilt("Connect") }

// SocketError is refused on this system.
func SocketError(int) error { return unbuilt("SocketError") }

// ShutdownWrite is refused on this system.
func ShutdownWrite(int) error { return unbuilt("ShutdownWrite") }

// CloseFD is refused on this system.
func CloseFD(int) error { return unbuilt("CloseFD") }

// SetNonblock is refused on this system.
func SetNonblock(int) error { return unbuilt("SetNonblock") }

// LocalName is refused on this system.
func LocalName(int) (Sockaddr, error) { return Sockaddr{}, unbuilt("LocalName") }

// PeerName is refused on this system.
func PeerName(int) (Sockaddr, error) { return Sockaddr{}, unbuilt("PeerName") }

// SetNoDelay is refused on this system.
func SetNoDelay(int, bool) error { return unbuilt("SetNoDelay") }

// ReuseAddrByDefault is false: on Windows SO_REUSEADDR lets two programs have one
// port.
const ReuseAddrByDefault = false

// SetReuseAddr is refused on this system.
func SetReuseAddr(int, bool) error { return unbuilt("SetReuseAddr") }

// SetKeepAlive is refused on this system.
func SetKeepAlive(int, bool) error { return unbuilt("SetKeepAlive") }

// IsListening is refused on this system.
func IsListening(int) (bool, error) { return false, unbuilt("IsListening") }

// UnixPathLimit returns how many bytes a Unix socket's path can have at most.
func UnixPathLimit(abstract bool) int { return 107 }

// SendFDs is refused on this system.
func SendFDs(fd int, b []byte, fds []int) (n int, err error) { return 0, unbuilt("SendFDs") }

// RecvFDs is refused on this system.
func RecvFDs(fd int, b []byte) (n int, fds []int, lost bool, err error) {
	return 0, nil, false, unbuilt("RecvFDs")
}

// SetReusePort is refused on this system.
func SetReusePort(int, bool) error { return unbuilt("SetReusePort") }

// SetIPv6Only is refused on this system.
func SetIPv6Only(int, bool) error { return unbuilt("SetIPv6Only") }

// SetLingerReset is refused on this system.
func SetLingerReset(int) error { return unbuilt("SetLingerReset") }

// DupFD is refused on this system.
func DupFD(int) (int, error) { return -1, unbuilt("DupFD") }

// SocketType is refused on this system.
func SocketType(int) (int, error) { return 0, unbuilt("SocketType") }

// SocketFamily is refused on this system.
func SocketFamily(int) (int, error) { return 0, unbuilt("SocketFamily") }

// FileKind is refused on this system.
func FileKind(int) (Kind, error) { return KindUnknown, unbuilt("FileKind") }

func getsockoptInt(fd, level, option int) (int, error) { return 0, unbuilt("GetsockoptInt") }

func setsockoptInt(fd, level, option, value int) error { return unbuilt("SetsockoptInt") }

func shutdown(fd, how int) error { return unbuilt("Shutdown") }
