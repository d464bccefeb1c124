package subprocess

import "os"

// A ChildWatcher notices the ends of child processes, reaps them, and tells the
// loop that each belongs to. The loops of a program share the one that the policy
// has. All methods may be called from any goroutine.
//
// The watchers of this package:
//
//	NewPidFDWatcher      a descriptor of the process becomes readable; Linux 5.4
//	NewKqueueWatcher     EVFILT_PROC; macOS and the BSDs
//	NewGoroutineWatcher  a goroutine per child waits
//	NewSafeWatcher       SIGCHLD, and then every known child is asked
//	NewFastWatcher       SIGCHLD, and then whichever child has ended is reaped
type ChildWatcher interface {
	// Name is that of the mechanism: "pidfd", "kqueue", "goroutine", "safe",
	// "fast".
	Name() string

	// Begin is called before a child is started and end after it was added, so
	// that a watcher that reaps whatever it finds knows that a status it can not
	// place yet is somebody's. It returns ErrInvalidState for a watcher that is
	// closed, and then nothing is started (contract L33).
	Begin() (end func(), err error)

	// AddChildHandler calls exited on l's goroutine once the child has ended and
	// was reaped, also if that was before the call. The return code is the exit
	// status, or minus a signal's number; 255 if somebody else has reaped the
	// child, about which a warning is logged (L32). Adding a process again
	// replaces its handler. If l is closed when the child ends, it is reaped, a
	// warning is logged and nothing is called (L40). It is to be called on l's
	// goroutine.
	AddChildHandler(l Loop, p *os.Process, exited func(pid, returnCode int)) error

	// RemoveChildHandler takes a handler back and reports whether there was one.
	// The child is reaped all the same.
	RemoveChildHandler(pid int) bool

	// Close makes the watcher refuse further children and drops the handlers that
	// are left, with a warning if there are any; the children themselves are
	// still reaped. Closing again does nothing.
	Close() error
}
