package eventloop

import (
	"slices"
	"time"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// race is the Happy Eyeballs of a connector (RFC 8305): an attempt is joined by
// the next one when it has failed or had its time to itself, and the first that
// succeeds ends the others.
type race struct {
	rest     []platform.Sockaddr
	underWay []*attempt
	errs     []error // by attempt, nil while it is under way
	next     func()  // cancels the timer of the next attempt
}

// attempt is one address that is being connected to.
type attempt struct {
	c      *connector
	number int
	to     platform.Sockaddr
	handle transports.Handle
	again  func() // cancels the timer of another try
}

func (c *connector) startRace(addrs []platform.Sockaddr) {
	c.race = race{rest: interleave(addrs, c.firstFamily()), next: func() {}}
	c.launch()
}

// delay is negative if attempts follow each other.
func (c *connector) delay() time.Duration {
	if c.cfg.HappyEyeballsDelay == 0 {
		return defaultDelay
	}
	return c.cfg.HappyEyeballsDelay
}

// firstFamily is what interleave takes; contract H23.
func (c *connector) firstFamily() int {
	if c.cfg.Interleave == 0 && c.delay() >= 0 {
		return 1
	}
	return max(c.cfg.Interleave, 0)
}

// interleave puts n addresses of the first family first and then alternates
// between the families, each in the resolver's order (contract H24). Zero leaves
// the order alone.
func interleave(addrs []platform.Sockaddr, n int) []platform.Sockaddr {
	if n == 0 {
		return slices.Clone(addrs)
	}
	var families [][]platform.Sockaddr
	for _, a := range addrs {
		i := slices.IndexFunc(families, func(f []platform.Sockaddr) bool { return f[0].Family() == a.Family() })
		if i < 0 {
			families = append(families, nil)
			i = len(families) - 1
		}
		families[i] = append(families[i], a)
	}
	head := min(n-1, len(families[0]))
	ordered := slices.Clone(families[0][:head])
	families[0] = families[0][head:]
	for i := 0; len(ordered) < len(addrs); i++ {
		for _, f := range families {
			if i < len(f) {
				ordered = append(ordered, f[i])
			}
		}
	}
	return ordered
}

// launch starts the next attempt, and further ones while they fail at once; when
// none is left and none is under way, the call has failed.
func (c *connector) launch() {
	r := &c.race
	for r.next(); len(r.rest) > 0; {
		a := &attempt{c: c, number: len(r.errs), to: r.rest[0], again: func() {}}
		r.rest = r.rest[1:]
		r.errs = append(r.errs, a.start())
		if r.errs[a.number] != nil {
			continue
		}
		r.underWay = append(r.underWay, a)
		if len(r.rest) > 0 && c.delay() >= 0 {
			r.next = (*host)(c.loop).CallLater(c.delay(), c.launch)
		}
		return
	}
	if len(r.underWay) == 0 {
		c.result.SetError(combined(r.errs))
	}
}

// stopRace closes every attempt that is under way.
func (c *connector) stopRace() {
	if c.race.next != nil {
		c.race.next()
	}
	for _, a := range c.race.underWay {
		a.again()
		c.loop.driver.Close(a.handle)
	}
	c.race.underWay = nil
}

// queueFull is how long a connect to a Unix server whose queue is full rests:
// the kernel reports EAGAIN, and no readiness when there is room.
const queueFull = 5 * time.Millisecond

// start opens, binds and connects a socket. It returns nil while it goes on.
func (a *attempt) start() error {
	fd, from, err := a.c.socketTo(a.to)
	if err != nil {
		return err
	}
	a.handle, err = a.c.loop.driver.Connect(fd, a.to, func(err error) { a.ended(fd, from, err) })
	switch {
	case err == nil:
		return nil
	case a.to.IsUnix() && platform.WouldBlock(err):
		a.handle = 0 // stale for every driver
		a.again = (*host)(a.c.loop).CallLater(queueFull, a.retry)
		return nil
	}
	return a.c.attemptError(from, a.to, syscallError("connect", err))
}

func (a *attempt) retry() {
	if err := a.start(); err != nil {
		a.failed(err)
	}
}

// ended gets the descriptor back from the driver.
func (a *attempt) ended(fd int, from platform.Sockaddr, err error) {
	if err != nil {
		platform.CloseFD(fd)
		a.failed(a.c.attemptError(from, a.to, syscallError("connect", err)))
		return
	}
	c := a.c
	c.race.underWay = slices.DeleteFunc(c.race.underWay, func(b *attempt) bool { return a == b })
	c.stopRace()
	c.result.OnCancel(nil)
	c.connected(fd, a.to)
}

// failed lets the next attempt begin, unless a later one has its time to itself.
func (a *attempt) failed(err error) {
	r := &a.c.race
	r.errs[a.number] = err
	r.underWay = slices.DeleteFunc(r.underWay, func(b *attempt) bool { return a == b })
	if a.number == len(r.errs)-1 || len(r.rest) == 0 {
		a.c.launch()
	}
}
