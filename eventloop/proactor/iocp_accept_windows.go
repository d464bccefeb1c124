package proactor

import (
	"cmp"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// An acceptor is an Accept that goes on. What is outstanding takes connections
// without asking again whether they are wanted: so there is little of it at
// first, and more only where all of it was taken between two looks.
type acceptor struct {
	outstanding []*operation
	wanted      int
	ending      bool          // cancelled, or failed
	failure     windows.Errno // why
	queued      bool          // to be filled up after this look
}

const (
	firstAccepts = 2
	mostAccepts  = 16

	// acceptRetries bounds how many peers in a row may give up while they are
	// being accepted.
	acceptRetries = 64
)

// prepared reports whether a handle is waiting for a connection.
func (a *acceptor) prepared(fd int) bool {
	return slices.ContainsFunc(a.outstanding, func(o *operation) bool { return int(o.accepted) == fd })
}

// Accept implements Submitter. It asks whether the socket listens, because not
// every AcceptEx does.
func (p *iocp) Accept(fd int, tag uint32) {
	if int(tag) >= len(p.bound) || p.bound[tag].kind == kindNone {
		p.refuse(Accept, tag, windows.ERROR_INVALID_HANDLE)
		return
	}
	b := &p.bound[tag]
	b.accepts = &acceptor{wanted: firstAccepts}
	if b.kind == kindServer {
		b.accepts.wanted = 1
	} else if listens, err := platform.IsListening(fd); err != nil || !listens {
		p.failAccept(b.accepts, cmp.Or(errnoOf(err), windows.WSAEINVAL))
	}
	p.fill(tag)
	p.acceptedAll(tag)
}

// fill has as much outstanding as is wanted. As long as something is, the rest
// may be short of memory or handles.
func (p *iocp) fill(tag uint32) {
	b := &p.bound[tag]
	a := b.accepts
	for !a.ending && len(a.outstanding) < a.wanted {
		o := p.begin(Accept, int(b.fd), tag)
		if o == nil {
			p.done = p.done[:len(p.done)-1] // it is not over with that
			p.failAccept(a, windows.WSAENOBUFS)
			return
		}
		var errno windows.Errno
		if b.kind == kindServer {
			errno = p.connectPipe(o, p.servers[int(b.fd)])
		} else {
			errno = p.acceptInto(o, b.family)
		}
		if errno != 0 {
			p.forget(o)
			p.failAccept(a, errno)
			return
		}
		a.outstanding = append(a.outstanding, o)
	}
}

func (p *iocp) failAccept(a *acceptor, errno windows.Errno) {
	if len(a.outstanding) == 0 {
		a.ending, a.failure = true, errno
	}
}

// acceptInto begins to accept into a new socket.
func (p *iocp) acceptInto(o *operation, family uint16) windows.Errno {
	h, err := p.makeSocket(family)
	if err != nil {
		return errnoOf(err)
	}
	o.accepted = int32(h)
	var errno windows.Errno
	for range acceptRetries {
		errno = socketError(errnoOf(p.callAcceptEx(h, o)))
		if errno == 0 || !platform.IsConnAborted(errno) {
			break
		}
	}
	if errno != 0 && errno != windows.ERROR_IO_PENDING {
		_ = windows.Closesocket(h)
		return errno
	}
	p.begun(o, errno)
	return 0
}

// acceptMore fills up those of whose operations some are over.
func (p *iocp) acceptMore() {
	for _, tag := range p.short {
		a := p.bound[tag].accepts
		if a == nil {
			continue
		}
		a.queued = false
		if len(a.outstanding) == 0 && a.wanted > 1 {
			a.wanted = min(2*a.wanted, mostAccepts)
		}
		p.fill(tag)
		p.acceptedAll(tag)
	}
	p.short = p.short[:0]
}

// acceptedAll ends an Accept of which nothing is outstanding any more.
func (p *iocp) acceptedAll(tag uint32) {
	a := p.bound[tag].accepts
	if !a.ending || len(a.outstanding) > 0 {
		return
	}
	p.bound[tag].accepts = nil
	p.done = append(p.done, Completion{Tag: tag, Outcome: NewOutcome(Accept, -int32(a.failure), false, -1)})
}

// accepted is told of one operation.
func (p *iocp) accepted(o *operation) {
	tag, b := o.tag, &p.bound[o.tag]
	a := b.accepts
	a.outstanding = slices.DeleteFunc(a.outstanding, func(x *operation) bool { return x == o })
	errno := o.errno(b.kind == kindServer)
	if b.kind == kindServer {
		errno = p.pipeConnected(o, errno)
	} else if errno == 0 {
		errno = p.complete(o)
	} else {
		_ = windows.Closesocket(windows.Handle(o.accepted))
	}
	if errno == 0 {
		p.out = append(p.out, Completion{Tag: tag, Outcome: NewOutcome(Accept, o.accepted, true, -1)})
	} else if !a.ending && !platform.IsConnAborted(errno) {
		p.stopAccepting(a, errno)
	}
	p.forget(o)
	if !a.queued {
		a.queued = true
		p.short = append(p.short, tag)
	}
}

// complete makes a whole socket of one that AcceptEx has connected.
func (p *iocp) complete(o *operation) windows.Errno {
	h, listener := windows.Handle(o.accepted), windows.Handle(o.fd)
	err := windows.Setsockopt(h, windows.SOL_SOCKET, windows.SO_UPDATE_ACCEPT_CONTEXT,
		(*byte)(unsafe.Pointer(&listener)), int32(unsafe.Sizeof(listener)))
	if err == nil {
		err = platform.SetNonblock(int(h))
	}
	if err == nil {
		return 0
	}
	_ = windows.Closesocket(h)
	return windows.WSAECONNABORTED // the listener is sound
}

// stopAccepting ends what is outstanding; a connection that has come before that
// is still told of.
func (p *iocp) stopAccepting(a *acceptor, failure windows.Errno) {
	if a.ending {
		return
	}
	if failure == 0 {
		failure = syscall.ECANCELED
	}
	a.ending, a.failure = true, failure
	for _, o := range a.outstanding {
		p.cancel(o)
	}
}

// callAcceptEx has the addresses written to where nobody reads them: all calls
// share the place.
func (p *iocp) callAcceptEx(h windows.Handle, o *operation) error {
	return windows.AcceptEx(windows.Handle(o.fd), h, &p.operations.names[0], 0,
		acceptedName, acceptedName, &o.flags, &o.Overlapped)
}

// openStream makes a TCP socket. It is made non-blocking when it is connected:
// what the listener has would be inherited.
func openStream(family uint16) (windows.Handle, error) {
	return windows.WSASocket(int32(family), windows.SOCK_STREAM, windows.IPPROTO_TCP, nil, 0,
		windows.WSA_FLAG_OVERLAPPED|windows.WSA_FLAG_NO_HANDLE_INHERIT)
}
