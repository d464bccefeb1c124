package eventloop

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// Terminals and other character devices are not all alike to a selector: the
// kqueue of macOS takes a PTY, and refuses /dev/tty. Whether one is taken is found
// out by trying. What is refused waits aside, with select(2), which takes them all.
//
// Such a descriptor is asked about whenever it is watched for something, one
// answer at a time, and never with Edge.

// asideMechanism takes every device, on macOS too, where poll(2) does not.
const asideMechanism = "select"

// deviceRefusals are what selectors say of a device that they do not watch. EPERM
// is not among them: it is epoll's word for what is always ready, such as
// /dev/null, and asyncio leaves that to the program (contract C10).
var deviceRefusals = []error{syscall.EINVAL, syscall.ENODEV, syscall.ENOTSUP, syscall.EOPNOTSUPP}

func isRefusedDevice(fd int, err error) bool {
	if !slices.ContainsFunc(deviceRefusals, func(r error) bool { return errors.Is(err, r) }) {
		return false
	}
	kind, unknown := platform.FileKind(fd)
	return unknown == nil && kind == platform.KindCharDevice
}

func (s *slot) isAside() bool { return s.rare != nil && s.rare.aside }

// putAside has a refused descriptor watched aside from now on.
func (d *readinessDriver) putAside(h transports.Handle, s *slot) (err error) {
	fd := int(s.fd)
	if size := platform.For(platform.Target{Loop: asideMechanism}).Limits().MaxFD; size > 0 && fd >= size {
		return fmt.Errorf("%w: %d is not below %d", selector.ErrDescriptorTooLarge, fd, size)
	}
	if d.aside == nil {
		if d.aside, err = newAside(d.loop, asideMechanism, d.foundAside); err != nil {
			return err
		}
	}
	s.extra().aside = true
	return d.register(h, s, d.interest(s))
}

// askAside replaces what is asked about a descriptor.
func (d *readinessDriver) askAside(h transports.Handle, s *slot, in selector.Interest) {
	if in == 0 {
		d.aside.forget(int(s.fd), func() {})
		return
	}
	d.aside.ask(int(s.fd), h, in)
}

// foundAside treats an answer as an event, and asks again behind the callbacks
// that it brings.
func (d *readinessDriver) foundAside(q question, ready selector.Ready) {
	if !d.aside.answered(q) || d.at(q.of) == nil {
		return
	}
	d.queue([]selector.Event{{Tag: uint64(q.of), Ready: ready}})
	d.aside.again(q.fd, func() {
		if s := d.at(q.of); s != nil {
			d.askAside(q.of, s, d.interest(s))
		}
	})
}

// letGoOf takes a descriptor out of the selector and calls done, on any goroutine,
// when it may be closed.
func (d *readinessDriver) letGoOf(s *slot, done func()) {
	switch {
	case s.isAside():
		d.aside.forget(int(s.fd), done)
		return
	case s.registered != 0:
		_ = d.sel.Remove(int(s.fd))
	}
	done()
}
