package eventloop

import (
	"io"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

var _ transports.FileDriver = (*readinessDriver)(nil)

// SendFiles implements transports.FileDriver.
func (d *readinessDriver) SendFiles(h transports.Handle, b []byte, fds []int) (int, error) {
	s := d.at(h)
	if s == nil {
		closeAll(fds)
		return 0, io.ErrClosedPipe
	}
	n, err := platform.SendFDs(int(s.fd), b, fds)
	if platform.WouldBlock(err) {
		err = nil
	}
	if n > 0 || err != nil {
		closeAll(fds)
		fds = nil
	}
	if err != nil || n == len(b) {
		return n, err
	}
	r := s.extra()
	r.flight, r.files = b[n:], fds
	if err := d.update(h, s); err != nil {
		r.flight = nil
		r.dropFiles()
		return n, err
	}
	return n, nil
}

// sendFlight sends on, with the files that go with its first byte.
func (d *readinessDriver) sendFlight(h transports.Handle, s *slot) (int, error) {
	r := s.rare
	if r.files == nil {
		return d.TrySend(h, r.flight)
	}
	n, err := platform.SendFDs(int(s.fd), r.flight, r.files)
	if platform.WouldBlock(err) {
		return 0, nil
	}
	r.dropFiles()
	return n, err
}

// ReceiveFiles implements transports.FileDriver.
func (d *readinessDriver) ReceiveFiles(h transports.Handle, on bool) {
	s := d.at(h)
	switch {
	case s == nil:
	case on:
		s.facts |= takesFiles
	default:
		s.facts &^= takesFiles
	}
}

// receiveFiles receives bytes together with the files that they bring.
func (s *slot) receiveFiles(b []byte) (int, error) {
	n, fds, lost, err := platform.RecvFDs(int(s.fd), b)
	if len(fds) > 0 || lost {
		s.sink.(transports.FileSink).ReceivedFiles(fds, lost)
	}
	return n, err
}

// dropFiles closes what was sent, or will not be.
func (r *rare) dropFiles() {
	closeAll(r.files)
	r.files = nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		platform.CloseFD(fd)
	}
}
