package platform

import (
	"net"
	"os"
	"sync"
)

// A Descriptor is a restricted view of a descriptor that somebody else owns: of a
// pipe transport's, through ExtraInfo("pipe"), and part of every Socket.
//
// It may be used from any goroutine. Once its owner has closed the descriptor
// all methods return net.ErrClosed. The zero Descriptor is one whose owner has
// closed it.
type Descriptor struct {
	mu   sync.RWMutex // held for reading during every system call: Release waits
	open bool
	fd   int
}

// Release ends the view: it waits for calls in progress, and every later one
// gets net.ErrClosed. It is for the owner of the descriptor, right before it
// closes it; calling it elsewhere only makes the view useless. Releasing again
// is harmless.
func (d *Descriptor) Release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = false
}

// with runs f on the descriptor while it can not be released.
func (d *Descriptor) with(f func(fd int) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.open {
		return net.ErrClosed
	}
	return f(d.fd)
}

// FD returns the descriptor's number, ^uintptr(0) once released. The number is
// for identification; a system call made with it may hit another file if the
// owner closes meanwhile. Dup gives one that is safe.
func (d *Descriptor) FD() uintptr {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.open {
		return ^uintptr(0)
	}
	return uintptr(d.fd)
}

// Dup returns a file with a descriptor of its own, closed on exec, that stays
// open when the transport closes; the caller closes it. Blocking mode and options
// are shared with the original: leave them alone.
func (d *Descriptor) Dup() (*os.File, error) {
	var file *os.File
	err := d.with(func(fd int) error {
		dup, err := dupForFile(fd)
		if err != nil {
			return os.NewSyscallError("dup", err)
		}
		file = os.NewFile(uintptr(dup), "descriptor")
		return nil
	})
	return file, err
}
