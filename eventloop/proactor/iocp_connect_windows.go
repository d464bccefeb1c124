package proactor

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// Connect implements Submitter.
func (p *iocp) Connect(fd int, tag uint32, to *platform.Name) {
	o := p.begin(Connect, fd, tag)
	if o == nil {
		return
	}
	h := windows.Handle(fd)
	errno := bindAnywhere(h, p.bound[tag].family)
	if errno == 0 {
		errno = p.callConnectEx(h, to.Bytes(), &o.Overlapped)
	}
	p.begun(o, errno)
}

// bindAnywhere binds a socket, as ConnectEx wants it. WSAEINVAL says that it is
// bound already.
func bindAnywhere(h windows.Handle, family uint16) windows.Errno {
	var err error
	if family == windows.AF_INET6 {
		err = windows.Bind(h, &windows.SockaddrInet6{})
	} else {
		err = windows.Bind(h, &windows.SockaddrInet4{})
	}
	if err == windows.WSAEINVAL {
		return 0
	}
	return errnoOf(err)
}

// callConnectEx looks the function up at its first use: it has no name in a
// library. All providers that have handles of the system share it.
func (p *iocp) callConnectEx(h windows.Handle, to []byte, o *windows.Overlapped) windows.Errno {
	if p.connectEx == 0 {
		id, n := windows.WSAID_CONNECTEX, uint32(0)
		err := windows.WSAIoctl(h, windows.SIO_GET_EXTENSION_FUNCTION_POINTER,
			(*byte)(unsafe.Pointer(&id)), uint32(unsafe.Sizeof(id)),
			(*byte)(unsafe.Pointer(&p.connectEx)), uint32(unsafe.Sizeof(p.connectEx)), &n, nil, 0)
		if err != nil {
			return errnoOf(err)
		}
	}
	ok, _, errno := syscall.SyscallN(p.connectEx, uintptr(h), uintptr(unsafe.Pointer(unsafe.SliceData(to))), uintptr(len(to)),
		0, 0, 0, uintptr(unsafe.Pointer(o)))
	if ok != 0 {
		return 0
	}
	return errno
}

// connected makes a whole socket of one that ConnectEx has connected: without
// that it can not be shut down, and does not know its names.
func (p *iocp) connected(o *operation) {
	errno := o.errno(false)
	if errno == 0 {
		err := windows.Setsockopt(windows.Handle(o.fd), windows.SOL_SOCKET, windows.SO_UPDATE_CONNECT_CONTEXT, nil, 0)
		errno = socketError(errnoOf(err))
	}
	p.finish(o, -int32(errno), -1)
}
