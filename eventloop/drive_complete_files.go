package eventloop

import (
	"io"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// fileFlight is an outstanding SendFile.
type fileFlight struct {
	fd     int // the driver's own
	offset int64
	left   int
}

var _ transports.FileSender = (*completionDriver)(nil)

// sendsFiles implements driver.
func (d *completionDriver) sendsFiles() bool { return d.files != nil }

// SendFile implements transports.FileSender.
func (d *completionDriver) SendFile(h transports.Handle, fd int, offset int64, n int) error {
	s := d.at(h)
	if s == nil {
		_ = platform.CloseFD(fd)
		return io.ErrClosedPipe
	}
	s.extra().file = &fileFlight{fd: fd, offset: offset, left: n}
	d.filing++
	d.submitFile(h.Slot())
	return nil
}

func (d *completionDriver) submitFile(i uint32) {
	s := &d.slots[i]
	f := s.rare.file
	s.registered |= bit(proactor.Send)
	d.unsent = true
	d.files.SendFile(int(s.fd), i, uintptr(f.fd), f.offset, f.left)
}

// sentFile books what was sent of a file. That nothing was although nothing failed
// means that the file has become shorter.
func (d *completionDriver) sentFile(i uint32, o proactor.Outcome) {
	s := &d.slots[i]
	f, n, err := s.rare.file, o.N(), o.Err()
	gone := s.facts&retired != 0
	f.offset += int64(n)
	f.left -= n
	switch {
	case gone, err != nil && !isPassing(err), err == nil && f.left == 0:
	case err == nil && n == 0:
		err = io.ErrUnexpectedEOF
	default:
		d.reported = d.reported || n > 0
		d.submitFile(i)
		if n > 0 {
			s.sink.Sent(n, nil)
		}
		return
	}
	_ = platform.CloseFD(f.fd)
	s.rare.file = nil
	d.filing--
	if gone {
		d.tidy(i)
		return
	}
	d.reported = true
	s.sink.Sent(n, s.cause(err))
}
