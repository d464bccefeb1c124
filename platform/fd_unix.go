//go:build unix

package platform

import "golang.org/x/sys/unix"

// Bind gives a socket its address. EADDRINUSE, EACCES and so on as bind(2);
// EINVAL for the zero Sockaddr and for a Unix path that does not fit (107 bytes
// on Linux, 103 elsewhere).
func Bind(fd int, to Sockaddr) error {
	sa, err := to.toUnix()
	if err != nil {
		return err
	}
	return unix.Bind(fd, sa)
}

// Listen makes a bound socket accept. The kernel cuts backlog to its own limit;
// zero and less mean the smallest queue it knows.
func Listen(fd, backlog int) error {
	return unix.Listen(fd, max(backlog, 0))
}

// Connect starts connecting a non-blocking socket. EINPROGRESS (IsInProgress)
// says that it goes on: the socket becomes writable at its end and SocketError
// tells how it went. EINTR means the same to POSIX and is returned as
// EINPROGRESS. A Unix socket is connected at once or not at all; if the server's
// queue is full Linux says EAGAIN, and no readiness will follow it.
func Connect(fd int, to Sockaddr) error {
	sa, err := to.toUnix()
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sa); err != unix.EINTR {
		return err
	}
	return unix.EINPROGRESS
}

// SocketError takes the pending error of a socket: nil if there is none, and nil
// when asked again, because asking clears it.
func SocketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if n != 0 {
		return unix.Errno(n)
	}
	return nil
}

// ShutdownWrite ends the sending half of a socket: the peer reads what was sent
// and then the end. ENOTCONN if the connection is already gone.
func ShutdownWrite(fd int) error {
	return unix.Shutdown(fd, unix.SHUT_WR)
}

// CloseFD closes a descriptor. EINTR is no error: the descriptor is closed all
// the same on every system we know, and closing again would hit whoever got its
// number meanwhile.
func CloseFD(fd int) error {
	if err := unix.Close(fd); err != unix.EINTR {
		return err
	}
	return nil
}

// SetNonblock makes a descriptor non-blocking. The flag belongs to the open
// file: every duplicate, in other processes too, sees the change.
func SetNonblock(fd int) error {
	return unix.SetNonblock(fd, true)
}

// DupFD returns another descriptor of the same open file, closed on exec, the
// caller's to close. It never has the number of a standard stream, even if that
// is free: who writes to standard error must not reach a connection.
func DupFD(fd int) (int, error) {
	const aboveStandardStreams = 3
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, aboveStandardStreams)
}

// dupForFile duplicates for an *os.File.
func dupForFile(fd int) (int, error) { return DupFD(fd) }

// FileKind tells what is behind a descriptor; EBADF if nothing is.
func FileKind(fd int) (Kind, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return KindUnknown, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return KindRegular, nil
	case unix.S_IFDIR:
		return KindDirectory, nil
	case unix.S_IFIFO:
		return KindFIFO, nil
	case unix.S_IFSOCK:
		return KindSocket, nil
	case unix.S_IFCHR:
		return KindCharDevice, nil
	case unix.S_IFBLK:
		return KindBlockDevice, nil
	}
	return KindUnknown, nil
}
