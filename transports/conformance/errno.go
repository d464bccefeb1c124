package conformance

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
)

// A Translator is an Env over a system that has numbers of its own for what POSIX
// calls ECONNRESET and EPIPE.
type Translator interface {
	// Errno returns what the system says where others say posix, and LateErrno
	// what a receive says that begins when all is over; nil if it says so only
	// sometimes. A spec about it is then skipped.
	Errno(posix syscall.Errno) error
	LateErrno(posix syscall.Errno) error
}

func (w *world) errno(posix syscall.Errno) error {
	if t, ok := w.Env.(Translator); ok {
		return told(posix, t.Errno(posix))
	}
	return posix
}

func (w *world) lateErrno(posix syscall.Errno) error {
	if t, ok := w.Env.(Translator); ok {
		return told(posix, t.LateErrno(posix))
	}
	return posix
}

func told(posix syscall.Errno, err error) error {
	if err == nil {
		Skip("this system does not always tell: " + posix.Error())
	}
	return err
}

// lost is what a recorder notes of a connection that ended with an errno.
func (w *world) lost(posix syscall.Errno) string {
	return "lost(" + w.errno(posix).Error() + ")"
}

// lostLate is the same of one that was not receiving when it ended.
func (w *world) lostLate(posix syscall.Errno) string {
	return "lost(" + w.lateErrno(posix).Error() + ")"
}
