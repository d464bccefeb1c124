package eventloop

import (
	"errors"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
)

// candidate is a way to open an endpoint; either address may be none.
type candidate struct {
	family        int
	local, remote platform.Sockaddr
}

// candidates pairs addresses of one family, the remote ones in the resolver's
// order.
func (o *opener) candidates(local, remote []platform.Sockaddr) (all []candidate) {
	if o.local == nil && o.remote == nil {
		return []candidate{{family: o.family}}
	}
	if o.local == nil {
		local = []platform.Sockaddr{{}}
	}
	if o.remote == nil {
		remote = []platform.Sockaddr{{}}
	}
	for _, r := range remote {
		for _, l := range local {
			switch {
			case !l.IsValid():
				all = append(all, candidate{r.Family(), l, r})
			case !r.IsValid() || l.Family() == r.Family():
				all = append(all, candidate{l.Family(), l, r})
			}
		}
	}
	return all
}

// open takes the first candidate that works; if none does, the error is the
// first one's (contract I6, I7).
func (o *opener) open(local, remote []platform.Sockaddr) {
	all := o.candidates(local, remote)
	if len(all) == 0 {
		o.result.SetError(o.opError("open", nil, invalid("LocalAddr and RemoteAddr have no address family in common")))
		return
	}
	var first error
	for _, c := range all {
		fd, err := o.try(c)
		if err == nil {
			peer, fallback := c.remote, platform.Sockaddr{}
			if o.cfg.Broadcast {
				peer, fallback = fallback, peer
			}
			o.opened(fd, peer, fallback)
			return
		}
		if first == nil {
			first = err
		}
	}
	o.result.SetError(first)
}

func (o *opener) try(c candidate) (fd int, err error) {
	fd, err = platform.OpenSocket(c.family, syscall.SOCK_DGRAM)
	if err != nil {
		return -1, o.opError("open", nil, syscallError("socket", err))
	}
	err = o.configure(fd, c)
	if err == nil && c.local.IsValid() {
		err = o.bind(fd, c.local)
	}
	if err == nil && c.remote.IsValid() && !o.cfg.Broadcast {
		if err = platform.Connect(fd, c.remote); err != nil {
			err = o.opError("connect", c.remote.NetAddr(o.cfg.Network), syscallError("connect", err))
		}
	}
	if err != nil {
		platform.CloseFD(fd)
		o.removeFile()
		o.file = nil
		return -1, err
	}
	return fd, nil
}

// configure sets what has to be set before bind.
func (o *opener) configure(fd int, c candidate) (err error) {
	if c.family == syscall.AF_INET6 {
		only := o.cfg.Network == "udp6"
		// A system that never lets IPv4 in is no reason to fail.
		if err = platform.SetIPv6Only(fd, only); !only {
			err = nil
		}
	}
	if err == nil && o.cfg.ReusePort {
		err = platform.SetReusePort(fd, true)
	}
	if err == nil && o.cfg.Broadcast {
		err = platform.SetBroadcast(fd, true)
	}
	if err == nil && o.cfg.PacketInfo {
		err = platform.SetPacketInfo(fd, true)
	}
	if err != nil {
		return o.unlessUnsupported("open", nil, syscallError("setsockopt", err))
	}
	return nil
}

// bind replaces the file of a dead Unix socket, and remembers its own.
func (o *opener) bind(fd int, a platform.Sockaddr) error {
	path := a.Path()
	hasFile := a.IsUnix() && !isAbstract(path)
	if hasFile {
		o.loop.makeWay(path)
	}
	err := platform.Bind(fd, a)
	if err != nil {
		in := syscallError("bind", err)
		if hasFile && errors.Is(err, syscall.EADDRINUSE) {
			in = inTheWay(path, in)
		}
		return o.opError("bind", a.NetAddr(o.cfg.Network), in)
	}
	if hasFile {
		o.file = lookAt(path)
	}
	return nil
}
