package memory

import "github.com/tidemill-go/tidemill/platform"

// A Port is a listening socket as the kernel sees it: a queue of connections
// that wait to be accepted.
type Port struct {
	host    *Host
	fd      int
	queue   []offer
	resumed int
	closed  bool
}

type offer struct {
	fd   int
	peer platform.Sockaddr
	err  error
}

// NewPort returns a listening socket.
func (h *Host) NewPort() *Port {
	p := &Port{host: h, fd: h.number()}
	h.ports[p.fd] = p
	return p
}

// FD returns the number that stands for the port at the drivers of its Host. It
// is negative.
func (p *Port) FD() int { return p.fd }

// Dial queues a connection from peer and returns the dialler's end. The other
// end's descriptor is what will be accepted.
func (p *Port) Dial(peer platform.Sockaddr) *End {
	near, far := p.host.Pair(0)
	p.Offer(near.FD(), peer)
	return far
}

// Offer queues a descriptor to be accepted. It may be a real one, which then
// belongs to whoever accepts it.
func (p *Port) Offer(fd int, peer platform.Sockaddr) {
	p.queue = append(p.queue, offer{fd: fd, peer: peer})
}

// Fail queues an error of accept.
func (p *Port) Fail(err error) { p.queue = append(p.queue, offer{fd: -1, err: err}) }

// Waiting returns how many connections and errors are queued.
func (p *Port) Waiting() int { return len(p.queue) }

// Resumed returns how often accepting was asked for again.
func (p *Port) Resumed() int { return p.resumed }

// IsClosed reports whether the port's descriptor is closed.
func (p *Port) IsClosed() bool { return p.closed }

// close resets the connections that nobody has accepted. Real descriptors among
// them are left alone: they are whoever's who offered them.
func (p *Port) close() {
	p.closed = true
	for _, o := range p.queue {
		if e := p.host.ends[o.fd]; e != nil {
			e.Reset()
		}
	}
	p.queue = nil
}
