package transports

import (
	"net"
	"net/netip"
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

const (
	// coalesceDatagrams and coalesceBytes are how much is collected while a batch
	// is being handed out before it is sent.
	coalesceDatagrams = 64
	coalesceBytes     = 48 << 10

	// sendAloneFrom is how long a datagram is not worth copying. It is also less
	// than what no UDP socket sends, so that EMSGSIZE comes inside SendTo.
	sendAloneFrom = 16 << 10

	// retryAfter is when to send again where no readiness will tell: after
	// ENOBUFS, whose socket counts as writable all the time, and to a Unix socket
	// whose queue is full, which only a connected one can watch.
	retryAfter = 2 * time.Millisecond
)

// SendTo implements protocols.DatagramTransport.
func (d *Datagram) SendTo(data []byte, addr net.Addr) error {
	if err := d.offLoop("SendTo"); err != nil {
		return err
	}
	to := &d.single[0].To
	if err := d.destination(to, addr); err != nil {
		return err
	}
	return d.send(data, to)
}

// SendToAddrPort implements protocols.DatagramTransport.
func (d *Datagram) SendToAddrPort(data []byte, addr netip.AddrPort) error {
	if err := d.offLoop("SendToAddrPort"); err != nil {
		return err
	}
	to := &d.single[0].To
	if err := d.inetDestination(to, addr); err != nil {
		return err
	}
	return d.send(data, to)
}

// send queues what can not or need not be sent now. to is d.single's.
func (d *Datagram) send(b []byte, to *platform.Name) error {
	if d.is(isLost) {
		return d.drop()
	}
	if d.collects(len(b)) {
		d.put(b, to)
		return nil
	}
	if d.isQueueing() && !d.blocked {
		// What was sent before goes before. A protocol that sends from
		// ErrorReceived uses d.single too.
		kept := *to
		d.offer()
		*to = kept
		if d.is(isLost) {
			return d.drop()
		}
	}
	if !d.isQueueing() {
		taken, err := d.sendNow(b)
		if taken {
			return nil
		}
		if d.wait(err); d.is(isLost) {
			return d.drop()
		}
	}
	d.put(b, to)
	d.limit()
	return nil
}

// collects reports whether a datagram of n bytes should wait for the end of the
// batch that is being handed out. The high mark counts, so that PauseWriting
// keeps its meaning: bytes that the kernel would not take.
func (d *Datagram) collects(n int) bool {
	if !d.handingOut || d.blocked || n >= sendAloneFrom || d.size()+n > min(coalesceBytes, d.marks.High) {
		return false
	}
	return d.queue == nil || len(d.queue.waiting()) < coalesceDatagrams
}

// sendNow sends b to where d.single says. It is taken also if it failed for good.
func (d *Datagram) sendNow(b []byte) (taken bool, err error) {
	d.single[0].Data = b
	_, err = d.driver.SendDatagrams(d.handle, d.single[:])
	d.single[0].Data = nil
	switch {
	case err == nil:
		return true, nil
	case isBackpressure(err):
		return false, err
	}
	d.sendFailed(&d.single[0].To, err)
	return true, err
}

// drop is for what is sent after the end. That is misuse on a connected
// endpoint; another one may not have been told yet (contract I24, I25).
func (d *Datagram) drop() error {
	if d.isConnected() {
		if d.dropped++; d.dropped >= warnDropped {
			d.host.Warn("datagram to a closed transport dropped", "transport", d.String(), "dropped", d.dropped)
		}
	}
	return net.ErrClosed
}

// isBackpressure reports an error that only says: not now.
func isBackpressure(err error) bool {
	return platform.WouldBlock(err) || platform.IsNoBuffers(err)
}

// sendFailed reports a send. to is nobody's any more once the protocol is called.
func (d *Datagram) sendFailed(to *platform.Name, err error) {
	var addr net.Addr
	if !to.IsZero() {
		addr = unmapped(to.Sockaddr()).NetAddr(d.network)
	}
	d.errorReceived(d.opError("sendto", addr, err))
}

// offer sends what is queued, as far as the kernel takes it. After a refusal
// nothing is tried before Room or the retry.
func (d *Datagram) offer() {
	for d.isQueueing() && !d.blocked && !d.is(isLost) {
		n, err := d.driver.SendDatagrams(d.handle, d.queue.waiting())
		d.stuck = d.stuck && n == 0
		d.queue.drop(n)
		switch {
		case err == nil:
		case isBackpressure(err):
			d.wait(err)
		default:
			to := d.queue.waiting()[0].To
			d.queue.drop(1)
			d.stuck = false
			d.sendFailed(&to, err)
		}
	}
	if d.queue != nil && d.queue.isEmpty() {
		d.release()
	}
}

// wait arranges for Room to be called.
func (d *Datagram) wait(err error) {
	d.blocked = true
	if platform.WouldBlock(err) && !d.stuck {
		if err := d.driver.AwaitRoom(d.handle); err != nil {
			d.lose(d.opError("sendto", nil, err))
		}
		return
	}
	d.retry = d.host.CallLater(retryAfter, func() {
		d.retry = nil
		d.Room()
	})
}

// Room implements DatagramSink.
func (d *Datagram) Room() {
	if d.is(isLost) {
		return
	}
	d.unblock()
	d.stuck = true
	d.offer()
	d.stuck = false
	d.drained()
}

func (d *Datagram) unblock() {
	d.blocked = false
	if d.retry != nil {
		d.retry()
		d.retry = nil
	}
}

// drained does what waited for a shorter queue, and what waited for an empty
// one. ResumeWriting comes before ConnectionLost.
func (d *Datagram) drained() {
	d.resumeLater()
	if d.isQueueing() || d.is(isLost|resumeSoon) {
		return
	}
	if d.is(isClosing) {
		d.lose(nil)
	}
}
