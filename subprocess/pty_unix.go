//go:build unix

package subprocess

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// openPTY opens a pseudo-terminal: a non-blocking descriptor of the master and
// the slave as a child wants it, blocking. Neither is inherited by a program that
// is started meanwhile. Both are the caller's. An error that is
// errors.ErrUnsupported where the library knows no pseudo-terminals.
//
// Of the library only the opening is used. What it does beyond that makes the
// master blocking again as a side effect or leaves it to the runtime's poller
// (creack/pty issues 162 and 174).
func openPTY(size protocols.WindowSize) (master int, slave *os.File, err error) {
	file, slave, err := openBoth()
	if err != nil {
		return -1, nil, err
	}
	defer file.Close()
	master = -1
	err = errors.Join(
		// OpenFile has made the slave non-blocking.
		withFD(slave, platform.SetBlocking),
		withFD(file, func(fd int) (err error) { master, err = platform.DupFD(fd); return err }),
	)
	if err == nil {
		err = prepareMaster(master, size)
	}
	if err == nil {
		return master, slave, nil
	}
	if master >= 0 {
		platform.CloseFD(master)
	}
	slave.Close()
	return -1, nil, err
}

// openBoth holds back the start of other programs, because some systems give
// descriptors without the mark that closes them there.
func openBoth() (master, slave *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	master, slave, err = pty.Open()
	if err != nil {
		return nil, nil, openError(err)
	}
	for _, f := range []*os.File{master, slave} {
		err = errors.Join(err, withFD(f, func(fd int) error { unix.CloseOnExec(fd); return nil }))
	}
	if err != nil {
		return nil, nil, errors.Join(err, master.Close(), slave.Close())
	}
	return master, slave, nil
}

// openError gives an error of the library the shape of ours.
func openError(err error) error {
	if errors.Is(err, pty.ErrUnsupported) {
		return fmt.Errorf("%w: pseudo-terminals on this system", errors.ErrUnsupported)
	}
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError("ioctl", errno)
	}
	return err
}

func prepareMaster(fd int, size protocols.WindowSize) error {
	if err := platform.SetNonblock(fd); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if size == (protocols.WindowSize{}) {
		return nil
	}
	err := platform.SetWindowSize(fd, size.Rows, size.Columns, size.Width, size.Height)
	return os.NewSyscallError("ioctl", err)
}

// withFD calls use with a file's descriptor. It does not go through Fd, which
// would change the mode of the open file.
func withFD(f *os.File, use func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(fd uintptr) { err = os.NewSyscallError("fcntl", use(int(fd))) })
	return errors.Join(failed, err)
}
