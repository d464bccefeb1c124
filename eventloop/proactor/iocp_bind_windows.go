package proactor

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// A binding is what a tag stands for.
type binding struct {
	under   [Connect]*operation // by Op, less one
	accepts *acceptor           // nil: it does not
	fd      int32
	family  uint16 // of a socket
	kind    handleKind
	skips   bool // what ends at once posts no packet
}

type handleKind uint8

const (
	kindNone handleKind = iota
	kindSocket
	kindPipe
	kindServer // of a named pipe
)

// Attach implements Binder.
func (p *iocp) Attach(fd int, tag uint32) error {
	b := binding{fd: int32(fd)}
	if p.servers[fd] != nil {
		b.kind = kindServer
		p.bind(tag, b)
		return nil
	}
	if err := b.inspect(windows.Handle(fd)); err != nil {
		return err
	}
	if err := p.associate(fd); err != nil {
		return err
	}
	b.skips = b.skips && p.skips && skipPackets(windows.Handle(fd))
	p.bind(tag, b)
	return nil
}

func (p *iocp) bind(tag uint32, b binding) {
	for int(tag) >= len(p.bound) {
		p.bound = append(p.bound, binding{})
	}
	p.bound[tag] = b
}

// inspect finds out what is behind a handle. Skips says whether it may be asked
// for no packets: a socket of a layered provider is no handle of the system's,
// and posts them itself.
func (b *binding) inspect(h windows.Handle) error {
	var info windows.WSAProtocolInfo
	n := int32(unsafe.Sizeof(info))
	err := windows.Getsockopt(h, windows.SOL_SOCKET, soProtocolInfo, (*byte)(unsafe.Pointer(&info)), &n)
	if err == nil {
		if info.SocketType != windows.SOCK_STREAM {
			return unattachable("a completion port carries streams only", "a selector loop")
		}
		b.kind, b.family = kindSocket, uint16(info.AddressFamily)
		b.skips = info.ServiceFlags1&windows.XP1_IFS_HANDLES != 0
		return nil
	}
	kind, err := windows.GetFileType(h)
	if err != nil {
		return errnoOf(err)
	}
	if kind != windows.FILE_TYPE_PIPE {
		return unattachable("the handle is neither a socket nor a pipe", "a goroutine that reads or writes and calls Post")
	}
	if !readBytes(h) {
		return unattachable("the pipe is read in messages", "a pipe in byte mode")
	}
	b.kind, b.skips = kindPipe, true
	return nil
}

// associate makes the port hear of a handle. An association is for the life of
// the open file, whoever has its handles; ERROR_INVALID_PARAMETER says that there
// is one, or that the file is not overlapped.
func (p *iocp) associate(fd int) error {
	h := windows.Handle(fd)
	_, kept := p.kept[fd]
	delete(p.kept, fd) // its number may be another file's by now
	_, err := windows.CreateIoCompletionPort(h, p.port, 0, 0)
	switch {
	case err == nil:
		return nil
	case err != windows.ERROR_INVALID_PARAMETER:
		return errnoOf(err)
	case !isOverlapped(h):
		return unattachable("the handle is not overlapped", "an overlapped handle, as named pipes can have")
	case kept:
		return nil
	}
	return unattachable("another completion port has the handle", "a handle that was never with another port")
}

// dissociate ends an association, so that the next owner may have one of their
// own. Windows before 8.1 and Wine have no way to do so: then it is remembered,
// for the case that the handle comes back.
func (p *iocp) dissociate(fd int) {
	if !p.noLeave {
		err := leavePort(windows.Handle(fd))
		if err == nil {
			return
		}
		p.noLeave = err == windows.STATUS_NOT_IMPLEMENTED || err == windows.STATUS_INVALID_INFO_CLASS
	}
	p.kept[fd] = struct{}{}
}

// Detach implements Binder.
func (p *iocp) Detach(fd int, tag uint32) {
	if int(tag) >= len(p.bound) || p.bound[tag].kind == kindNone {
		return
	}
	kind := p.bound[tag].kind
	p.bound[tag] = binding{}
	if kind == kindServer {
		p.dropServer(fd)
		return
	}
	p.dissociate(fd)
}

// Owns implements Proactor.
func (p *iocp) Owns(fd int) bool {
	h := windows.Handle(fd)
	if h == p.port || h == p.signal {
		return fd != 0
	}
	for _, s := range p.servers {
		if s.instance == fd {
			return fd >= 0
		}
	}
	for i := range p.bound {
		if a := p.bound[i].accepts; a != nil && a.prepared(fd) {
			return true
		}
	}
	return false
}

func unattachable(reason, alternative string) error {
	return &platform.UnsupportedError{
		Op: "Attach", Loop: "iocp", OS: runtime.GOOS, Reason: reason, Alternative: alternative,
	}
}
