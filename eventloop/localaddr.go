package eventloop

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// socketTo makes a socket for an attempt to reach an address, bound to a local
// address if there is to be one (contract H19 to H21).
func (c *connector) socketTo(to platform.Sockaddr) (fd int, from platform.Sockaddr, err error) {
	fd, err = platform.OpenSocket(to.Family(), syscall.SOCK_STREAM)
	if err != nil {
		return -1, from, c.attemptError(from, to, syscallError("socket", err))
	}
	if c.local != nil {
		if from, err = c.bindLocal(fd, to); err != nil {
			platform.CloseFD(fd)
			return -1, from, err
		}
	}
	return fd, from, nil
}

var errNoLocalAddress = errors.New("no local address of the remote one's family")

func (c *connector) bindLocal(fd int, to platform.Sockaddr) (from platform.Sockaddr, err error) {
	var errs []error
	for _, from := range c.from {
		if from.Family() != to.Family() {
			continue
		}
		err := platform.Bind(fd, from)
		if err == nil {
			return from, nil
		}
		errs = append(errs, c.attemptError(from, to, syscallError("bind", err)))
	}
	if len(errs) == 0 {
		err := fmt.Errorf("%w: %s", errNoLocalAddress, c.cfg.LocalAddr)
		return from, c.attemptError(from, to, err)
	}
	return from, combined(errs)
}

func (c *connector) attemptError(from, to platform.Sockaddr, err error) error {
	return c.opError(from.NetAddr(c.network), to.NetAddr(c.network), err)
}
