//go:build unix

package platform

import "golang.org/x/sys/unix"

// IsNonblocking reports whether a descriptor's open file is non-blocking.
func IsNonblocking(fd int) (bool, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return flags&unix.O_NONBLOCK != 0, err
}

// SetBlocking takes SetNonblock back, for every duplicate too.
func SetBlocking(fd int) error {
	return unix.SetNonblock(fd, false)
}

// AccessMode tells what a descriptor was opened for.
func AccessMode(fd int) (reads, writes bool, err error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return false, false, err
	}
	mode := flags & unix.O_ACCMODE
	return mode != unix.O_WRONLY, mode != unix.O_RDONLY, nil
}

// A FileID names the file behind a descriptor. Both ends of a pipe have the
// same on some systems.
type FileID struct{ device, inode uint64 }

// FileIDOf asks the kernel for it.
func FileIDOf(fd int) (FileID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return FileID{}, err
	}
	return FileID{device: uint64(st.Dev), inode: uint64(st.Ino)}, nil
}
