//go:build unix

package platform

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// errnoOf finds the errno in err. The bare one, which all calls of this package
// return, is looked at first: errors.As costs ten times as much.
func errnoOf(err error) unix.Errno {
	if errno, ok := err.(unix.Errno); ok {
		return errno
	}
	errno, _ := errors.AsType[unix.Errno](err)
	return errno
}

// WouldBlock reports that a non-blocking call found nothing to do: wait for
// readiness and try again.
func WouldBlock(err error) bool {
	errno := errnoOf(err)
	return errno == unix.EAGAIN || errno == unix.EWOULDBLOCK
}

// IsInterrupted reports that a signal cut the call short: make it again.
func IsInterrupted(err error) bool {
	return errnoOf(err) == unix.EINTR
}

// IsInProgress reports that a connect goes on in the background.
func IsInProgress(err error) bool {
	return errnoOf(err) == unix.EINPROGRESS
}

// IsConnAborted reports that accept failed for one peer, which gave up before it
// was accepted or could not be reached any more. The listener is sound: accept
// the next one. accept(2) lists the network errors that Linux hands through.
func IsConnAborted(err error) bool {
	return slices.Contains(peerErrnos, errnoOf(err))
}

// IsOutOfResources reports that the process or the system has run out of
// descriptors or memory. The connection stays in the listener's queue and, with
// an edge-triggered selector, no event will tell when to try again.
func IsOutOfResources(err error) bool {
	switch errnoOf(err) {
	case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
		return true
	}
	return false
}

// IsDisconnect reports that the other side has ended the connection, in one of
// the ways that a program can not prevent and asyncio does not log: EPIPE, sent
// after the peer had closed; ECONNRESET, the peer reset; ECONNABORTED, our own
// side gave up; ESHUTDOWN, sent after shutdown.
func IsDisconnect(err error) bool {
	switch errnoOf(err) {
	case unix.EPIPE, unix.ECONNRESET, unix.ECONNABORTED, unix.ESHUTDOWN:
		return true
	}
	return false
}

// IsNoBuffers reports ENOBUFS from a send: the interface's queue is full. The
// socket counts as writable all the same, so that no readiness will tell when to
// try again.
func IsNoBuffers(err error) bool { return errnoOf(err) == unix.ENOBUFS }

// IsRefused reports ECONNREFUSED: nobody is there. Of a Unix path it means that
// the socket file was left behind by a process that is gone.
func IsRefused(err error) bool { return errnoOf(err) == unix.ECONNREFUSED }

// IsNotConnected reports ENOTCONN: the socket has no peer, or none any more.
func IsNotConnected(err error) bool { return errnoOf(err) == unix.ENOTCONN }

// IsAddrUnavailable reports that this machine has not the family of an address, or
// not the address: EAFNOSUPPORT, EADDRNOTAVAIL.
func IsAddrUnavailable(err error) bool {
	errno := errnoOf(err)
	return errno == unix.EAFNOSUPPORT || errno == unix.EADDRNOTAVAIL
}

// peerErrnos leaves EOPNOTSUPP out, which accept(2) names too: it also says that
// a socket does not listen, and retrying that would spin.
var peerErrnos = []unix.Errno{
	unix.ECONNABORTED, unix.ECONNRESET, unix.EPROTO, unix.ENETDOWN, unix.ENOPROTOOPT,
	unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENETUNREACH,
}
