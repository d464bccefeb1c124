package eventloop

import (
	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/transports"
)

// Where the Proactor knows no readiness, sockets of the program's own wait aside.
// Raw socket calls try the system call first, as on a selector loop, and wait for
// readiness if they must: to submit them would tie the socket to the Proactor for
// good, and a receive would bring more than was asked for.

// watchAside is watch where the Proactor does not poll.
func (d *completionDriver) watchAside(h transports.Handle, s *slot) (err error) {
	want := s.rare.watchersWant()
	if want == 0 {
		return nil // an answer finds nobody, and giving the socket back takes the question back
	}
	if d.aside == nil {
		if d.aside, err = newAside(d.loop, "", d.foundAside); err != nil {
			return err
		}
	}
	d.aside.ask(int(s.fd), h, want)
	return nil
}

// foundAside calls whoever waits, and asks again for those who then still do.
func (d *completionDriver) foundAside(q question, ready selector.Ready) {
	s := d.at(q.of)
	if !d.aside.answered(q) || s == nil || s.rare == nil {
		return
	}
	d.queueWatchers(uint64(q.of), s.rare, ready&^selector.Writable != 0, ready&(selector.Writable|selector.Failed) != 0)
	d.aside.again(q.fd, func() {
		if s := d.at(q.of); s != nil && s.rare != nil {
			_ = d.watchAside(q.of, s) // there is an aside already
		}
	})
}

// letGo implements driver.
func (d *completionDriver) letGo(fd int, release func()) {
	if d.aside == nil {
		release()
		return
	}
	if h, s := d.owner(fd); s != nil && s.rare.watchersWant() != 0 {
		d.aside.ask(fd, h, s.rare.watchersWant()) // the other side's call goes on, and holds the socket
		release()
		return
	}
	d.aside.forget(fd, release)
}

// knowsReadiness implements driver.
func (d *completionDriver) knowsReadiness() bool { return d.polls }
