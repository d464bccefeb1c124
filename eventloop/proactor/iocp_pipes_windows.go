package proactor

import (
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// A pipeServer is a named pipe that clients may connect to. There is always an
// instance that nobody has connected to, also while nobody accepts: without one
// the name would vanish.
type pipeServer struct {
	name     string
	instance int // -1 if the last one could not be made
}

// ListenPipe implements PipeListener. What stands for the server is an event,
// which has a number of its own and is closed like any handle.
func (p *iocp) ListenPipe(name string) (fd int, err error) {
	s := &pipeServer{name: name}
	if s.instance, err = p.makeInstance(name, true); err != nil {
		return -1, err
	}
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		_ = platform.CloseFD(s.instance)
		return -1, errnoOf(err)
	}
	p.servers[int(event)] = s
	return int(event), nil
}

// makeInstance makes an instance that the port hears of.
func (p *iocp) makeInstance(name string, first bool) (int, error) {
	fd, err := platform.CreatePipeInstance(name, first)
	if err != nil {
		return -1, err
	}
	if err := p.associate(fd); err != nil {
		_ = platform.CloseFD(fd)
		return -1, err
	}
	return fd, nil
}

// connectPipe begins to wait for a client, for which a packet is posted.
// ERROR_NO_DATA says that one has come and gone: if it has left something behind
// it counts, otherwise the instance is used again.
func (p *iocp) connectPipe(o *operation, s *pipeServer) windows.Errno {
	if s.instance < 0 {
		fd, err := p.makeInstance(s.name, false)
		if err != nil {
			return errnoOf(err)
		}
		s.instance = fd
	}
	h := windows.Handle(s.instance)
	o.accepted = int32(h)
	for range acceptRetries {
		switch errno := errnoOf(windows.ConnectNamedPipe(h, &o.Overlapped)); {
		case errno == 0 || errno == windows.ERROR_IO_PENDING:
			return 0
		case errno == windows.ERROR_PIPE_CONNECTED || errno == windows.ERROR_NO_DATA && holdsBytes(h):
			p.over = append(p.over, o)
			return 0
		case errno != windows.ERROR_NO_DATA:
			return errno
		}
		if err := windows.DisconnectNamedPipe(h); err != nil {
			return errnoOf(err)
		}
	}
	return windows.WSAECONNABORTED
}

func holdsBytes(h windows.Handle) bool {
	n, _ := peekPipe(h)
	return n > 0
}

// pipeConnected makes the next instance before it lets go of one that is
// connected.
func (p *iocp) pipeConnected(o *operation, errno windows.Errno) windows.Errno {
	if errno != 0 {
		return errno
	}
	s, a := p.servers[int(o.fd)], p.bound[o.tag].accepts
	next, err := p.makeInstance(s.name, false)
	s.instance = next
	p.dissociate(int(o.accepted))
	if err != nil && !a.ending {
		p.stopAccepting(a, errnoOf(err))
	}
	return 0
}

// dropServer closes the instance that nobody has connected to.
func (p *iocp) dropServer(fd int) {
	if s := p.servers[fd]; s != nil && s.instance >= 0 {
		_ = platform.CloseFD(s.instance)
	}
	delete(p.servers, fd)
}
