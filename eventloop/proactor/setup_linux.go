package proactor

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var errTooOld = unsupported("io_uring", "the kernel's io_uring is older than that of Linux 5.11")

const requiredFeatures = featSingleMmap | featNoDrop | featSubmitStable | featFastPoll | featExtArg

const allFeatures = ProvidedBuffers | MultishotReceive | MultishotAccept | MultishotPoll |
	SingleIssuer | DeferTaskrun | CoopTaskrun

// newIOUring makes a ring that nobody has used yet: the thread of the first Wait
// becomes its own.
func newIOUring(o Options) (Proactor, error) {
	u := &ioUring{features: allFeatures &^ o.Without, bell: -1}
	var p setupParams
	var err error
	if u.ring, p, err = openRing(o.Entries, u.features); err != nil {
		return nil, err
	}
	if err := u.prepare(o, p.features); err != nil {
		return nil, errors.Join(err, u.release())
	}
	return u, nil
}

func (u *ioUring) prepare(o Options, features uint32) (err error) {
	if features&requiredFeatures != requiredFeatures {
		return errTooOld
	}
	if err := probeOperations(u.ring.fd); err != nil {
		return err
	}
	if u.buffers, err = newBuffers(u.ring.fd, o.Buffers, u.has(ProvidedBuffers)); err != nil {
		return err
	}
	if u.buffers.ring == nil {
		u.features &^= ProvidedBuffers | MultishotReceive
	}
	bell, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("eventfd2", err)
	}
	u.bell = bell
	return nil
}

// probeOperations asks whether every operation that is used is there
// (IORING_REGISTER_PROBE).
func probeOperations(fd int) error {
	p := new(probe)
	if errno := register(fd, registerProbe, unsafe.Pointer(p), uintptr(len(p.ops))); errno != 0 {
		return refusal("io_uring_register", errno)
	}
	for _, op := range []uint8{opPollAdd, opAccept, opAsyncCancel, opConnect, opSend, opRecv} {
		if p.ops[op].flags&probeSupported == 0 {
			return errTooOld
		}
	}
	return nil
}

// refusal tells a process that may not from one that could not.
func refusal(call string, errno unix.Errno) error {
	if errno == unix.EPERM || errno == unix.EACCES || errno == unix.ENOSYS {
		return unsupported("io_uring", platform.IOUringRefused(call, errno).Error())
	}
	return os.NewSyscallError(call, errno)
}
