package proactor

import (
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// Receive implements Submitter. It waits with a receive of no bytes, which needs
// no memory as long as a connection is idle, and then takes what is there. So it
// never goes on: each completion is the last.
func (p *iocp) Receive(fd int, tag uint32, _ bool) {
	o := p.begin(Receive, fd, tag)
	if o == nil {
		return
	}
	h := windows.Handle(fd)
	if p.bound[tag].kind == kindPipe {
		p.begun(o, readFile(h, nil, &o.Overlapped))
		return
	}
	p.vector = windows.WSABuf{}
	p.begun(o, errnoOf(windows.WSARecv(h, &p.vector, 1, nil, &o.flags, &o.Overlapped, nil)))
}

// received takes what is there.
func (p *iocp) received(o *operation) {
	isPipe := p.bound[o.tag].kind == kindPipe
	errno := o.errno(isPipe)
	switch {
	case isPipe && errno == windows.ERROR_BROKEN_PIPE:
		p.finish(o, 0, -1)
		return
	case errno != 0:
		p.finish(o, -int32(errno), -1)
		return
	}
	id, b, ok := p.buffers.pick()
	if !ok {
		p.finish(o, -int32(syscall.ENOBUFS), -1)
		return
	}
	var n int
	if isPipe {
		n, errno = p.readPipe(o, b)
	} else {
		n, errno = receiveNow(o.fd, b)
	}
	if n > 0 {
		p.finish(o, int32(n), int(id))
		return
	}
	p.buffers.recycle(id)
	p.finish(o, -int32(errno), -1)
}

// receiveNow receives from a socket. ECANCELED says that somebody else was
// faster: it is to be submitted again.
func receiveNow(fd int32, b []byte) (int, windows.Errno) {
	n, err := platform.Recv(int(fd), b)
	switch {
	case err == nil:
		return n, 0
	case platform.WouldBlock(err):
		return 0, syscall.ECANCELED
	}
	return 0, socketError(errnoOf(err))
}

// readPipe reads what a pipe holds; at its end it returns zero and no error.
// There is nobody else to read it first, so that the read ends at once; if it
// does not, it is taken back.
func (p *iocp) readPipe(o *operation, b []byte) (int, windows.Errno) {
	h := windows.Handle(o.fd)
	available, errno := peekPipe(h)
	switch {
	case errno == windows.ERROR_BROKEN_PIPE:
		return 0, 0
	case errno != 0:
		return 0, pipeError(errno)
	case available == 0: // an empty message, or it was read elsewhere
		return 0, syscall.ECANCELED
	}
	// The lowest bit of the event keeps the packet from the port.
	o.Overlapped = windows.Overlapped{HEvent: p.signal | 1}
	errno = readFile(h, b[:min(int(available), len(b))], &o.Overlapped)
	if errno == windows.ERROR_IO_PENDING {
		_ = windows.CancelIoEx(h, &o.Overlapped)
		errno = errnoOf(windows.GetOverlappedResult(h, &o.Overlapped, &o.flags, true))
	}
	switch errno = pipeError(errno); errno {
	case 0:
		return int(o.InternalHigh), 0
	case windows.ERROR_BROKEN_PIPE:
		return 0, 0
	}
	return 0, errno
}
