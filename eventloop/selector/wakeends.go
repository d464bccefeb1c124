package selector

import (
	"errors"
	"os"
	"sync"

	"github.com/tidemill-go/tidemill/platform"
)

// wakeEnds are the two descriptors through which a Wait is ended: any goroutine
// makes r readable, and the selector waits for it.
type wakeEnds struct {
	r, w int

	// mu keeps a late wake from writing to whoever got w's number after close.
	// Only the producer that found the loop parked wakes it, so nobody queues.
	mu     sync.Mutex
	closed bool
}

func (e *wakeEnds) owns(fd int) bool {
	return fd == e.r || fd == e.w
}

// close can be repeated.
func (e *wakeEnds) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	return errors.Join(
		os.NewSyscallError("close", platform.CloseFD(e.r)),
		os.NewSyscallError("close", platform.CloseFD(e.w)))
}
