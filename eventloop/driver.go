package eventloop

import (
	"time"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// A driver moves the bytes of one loop: over a Selector (drive_ready.go) or over
// a Proactor (drive_complete.go). To transports it is a transports.Driver; this
// is what its loop needs of it besides.
type driver interface {
	transports.FileDriver
	transports.DatagramDriver
	watchers

	// wait is steps 1 and 2 of an iteration: it waits as selector.Selector.Wait
	// does and appends callbacks to the ready queue.
	wait(until time.Time, park func() bool) error

	// letGo calls release, from any goroutine, when nothing waits for a descriptor
	// of the program's any more whose watchers are removed.
	letGo(fd int, release func())

	// sendsFiles reports whether SendFile of transports.FileSender may be called.
	sendsFiles() bool

	// listenPipe makes a named pipe, and a descriptor for Listen that stands for its
	// server; *platform.UnsupportedError where there are none.
	listenPipe(name string) (fd int, err error)

	// knowsReadiness reports whether the kernel can be told to wake the loop when a
	// duplicate of a transport's socket is ready.
	knowsReadiness() bool

	// rest is called when the loop stops: what a callback has sent must leave
	// although no wait follows.
	rest()

	// wake ends a wait that has called park. Any goroutine.
	wake()

	// transports returns the transports that are not lost yet.
	transports() []protocols.BaseTransport

	// shut closes every descriptor that is ours, and then what waits for them.
	shut() error
}

var (
	_ driver = (*readinessDriver)(nil)
	_ driver = (*completionDriver)(nil)
)
