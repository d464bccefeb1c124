package eventloop

import (
	"io"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// sendsFiles implements driver: sendfile(2) belongs into the executor.
func (d *readinessDriver) sendsFiles() bool { return false }

// SendFiles implements transports.FileDriver.
func (d *readinessDriver) SendFiles(h transports.Handle, b []byte, fds []int) (int, error) {
	s := d.at(h)
	if s == nil {
		closeAll(fds)
		return 0, io.ErrClosedPipe
	}
	n, err := s.sendFiles(b, fds)
	if err != nil || n == len(b) {
		return n, err
	}
	if err := d.update(h, s); err != nil {
		s.rare.flight = nil
		s.rare.dropFiles()
		return n, err
	}
	return n, nil
}

// sendFiles sends what the kernel takes now, and makes a flight of the rest.
func (s *slot) sendFiles(b []byte, fds []int) (int, error) {
	n, err := platform.SendFDs(int(s.fd), b, fds)
	if platform.WouldBlock(err) {
		err = nil
	}
	if n > 0 || err != nil {
		closeAll(fds)
		fds = nil
	}
	if err == nil && n < len(b) {
		r := s.extra()
		r.flight, r.files = b[n:], fds
	}
	return n, err
}

// sendFlight sends on, with the files that go with its first byte. hungUp says
// that the other side is gone. A terminal that is full goes on saying EAGAIN then:
// Linux keeps what was typed for whoever may open it again. The hang-up can not be
// masked and would be reported for ever.
func (s *slot) sendFlight(hungUp bool) (n int, err error) {
	r := s.rare
	if r.files == nil {
		n, err = s.trySend(r.flight)
	} else if n, err = platform.SendFDs(int(s.fd), r.flight, r.files); platform.WouldBlock(err) {
		return 0, nil
	} else {
		r.dropFiles()
	}
	if n == 0 && err == nil && hungUp && s.kind >= transports.File {
		err = syscall.EIO
	}
	if r.flight = r.flight[n:]; len(r.flight) == 0 || err != nil {
		r.flight = nil
	}
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
