package subprocess

import (
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports"
)

// Loop is what a child watcher needs of the loop that a child belongs to.
// *eventloop.Loop is one.
type Loop interface {
	// Post runs fn on the loop's goroutine; ErrLoopClosed if that can not be. Any
	// goroutine.
	Post(fn func()) error

	// AddReader calls fn on the loop's goroutine whenever fd is readable, until
	// RemoveReader. Both are for the loop's goroutine.
	AddReader(fd uintptr, fn func()) error
	RemoveReader(fd uintptr) (bool, error)
}

// Host is what a child process needs of its loop: that of a transport, and that
// of a watcher.
type Host interface {
	transports.Host
	Loop

	// Scheduler is the loop as futures see it.
	Scheduler() future.Scheduler
}
