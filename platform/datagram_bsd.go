//go:build unix && !linux

package platform

import "golang.org/x/sys/unix"

// An Inbox receives datagrams into slots of its own, whose size nobody's lengths
// can change. These systems have no call for a batch that a Go program may make,
// so each datagram has its own. It belongs to one goroutine.
type Inbox struct {
	names     []Name
	datagrams []Datagram
	slab      []byte
	size      int
}

// NewInbox returns an inbox of so many slots of so many bytes each.
func NewInbox(slots, size int) *Inbox {
	return &Inbox{
		names:     make([]Name, slots),
		datagrams: make([]Datagram, slots),
		slab:      make([]byte, slots*size),
		size:      size,
	}
}

// Len is how many datagrams one Receive returns at most. Fewer say that the
// socket holds no more.
func (b *Inbox) Len() int { return len(b.datagrams) }

// Receive takes datagrams from a non-blocking socket and never waits. info asks
// for what these systems do not tell. If there are none the error is the errno:
// see WouldBlock. EINTR is retried inside.
func (b *Inbox) Receive(fd int, _ bool) ([]Datagram, error) {
	n := 0
	for n < len(b.datagrams) {
		err := b.receive(fd, n)
		if err == unix.EINTR {
			continue
		}
		if err != nil && n == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		n++
	}
	return b.datagrams[:n], nil
}

func (b *Inbox) receive(fd, i int) error {
	slot := b.slab[i*b.size : (i+1)*b.size : (i+1)*b.size]
	n, _, flags, from, err := unix.Recvmsg(fd, slot, nil, unix.MSG_DONTWAIT)
	if err != nil {
		return err
	}
	b.names[i] = Name{addr: fromUnix(from)}
	b.datagrams[i] = Datagram{Data: slot[:n], From: &b.names[i], Truncated: flags&unix.MSG_TRUNC != 0}
	return nil
}

// An Outbox sends datagrams. Its zero value is ready; it belongs to one
// goroutine.
type Outbox struct{}

// Send sends datagrams in order from a non-blocking socket and returns how many
// the kernel took; if not all, err is the errno that the next one got (see
// WouldBlock and IsNoBuffers), and that one was not sent. EINTR is retried
// inside.
func (b *Outbox) Send(fd int, datagrams []Outgoing) (n int, err error) {
	for n < len(datagrams) {
		err := sendOne(fd, &datagrams[n])
		if err != nil && err != unix.EINTR {
			return n, err
		}
		if err == nil {
			n++
		}
	}
	return n, nil
}

func sendOne(fd int, d *Outgoing) error {
	if d.To.IsZero() {
		return unix.Sendmsg(fd, d.Data, nil, nil, unix.MSG_DONTWAIT)
	}
	to, err := d.To.addr.toUnix()
	if err != nil {
		return err
	}
	return unix.Sendto(fd, d.Data, unix.MSG_DONTWAIT, to)
}

// SetPacketInfo is refused: the control messages of these systems differ from
// one to the next, and none of them is read yet.
func SetPacketInfo(_ int, _ bool) error { return noPacketInfo() }
