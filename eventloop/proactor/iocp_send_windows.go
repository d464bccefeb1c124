package proactor

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	// mostSent is what one call sends. The system completes a send when it has
	// taken everything, so that a larger one would hide the progress.
	mostSent = 256 << 10

	// mostOfFile is what one TransmitFile can do: 2^31 - 2 bytes.
	mostOfFile = 1<<31 - 2
)

// Send implements Submitter.
func (p *iocp) Send(fd int, tag uint32, b []byte) {
	o := p.begin(Send, fd, tag)
	if o == nil {
		return
	}
	h := windows.Handle(fd)
	b = b[:min(len(b), mostSent)]
	if p.bound[tag].kind == kindPipe {
		p.begun(o, writeFile(h, b, &o.Overlapped))
		return
	}
	p.vector = windows.WSABuf{Len: uint32(len(b)), Buf: unsafe.SliceData(b)}
	p.begun(o, errnoOf(windows.WSASend(h, &p.vector, 1, nil, 0, &o.Overlapped, nil)))
	p.vector = windows.WSABuf{}
}

// SendFile implements FileSender. EINVAL for no bytes, which to the system means
// all; at the end of the file the outcome is none.
func (p *iocp) SendFile(fd int, tag uint32, file uintptr, offset int64, n int) {
	o := p.begin(Send, fd, tag)
	switch {
	case o == nil:
		return
	case n <= 0 || offset < 0:
		p.begun(o, windows.WSAEINVAL)
		return
	}
	o.Offset, o.OffsetHigh = uint32(offset), uint32(offset>>32)
	p.begun(o, errnoOf(windows.TransmitFile(windows.Handle(fd), windows.Handle(file), uint32(min(n, mostOfFile)), 0, &o.Overlapped, nil, 0)))
}

// sent tells how much went out, also of a send that was cancelled in the middle.
func (p *iocp) sent(o *operation) {
	n := int32(o.InternalHigh)
	switch errno := o.errno(p.bound[o.tag].kind == kindPipe); {
	case errno == 0 || o.refused == 0 && n > 0:
		p.finish(o, n, -1)
	case errno == windows.ERROR_HANDLE_EOF:
		p.finish(o, 0, -1)
	default:
		p.finish(o, -int32(errno), -1)
	}
}
