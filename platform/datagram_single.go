//go:build !linux

package platform

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
// see WouldBlock. Any other error that was found behind datagrams is returned with
// them: the call that comes upon it, news that a peer is not there as a rule, is
// the only one that hears of it. An interrupted call is made again.
func (b *Inbox) Receive(fd int, _ bool) ([]Datagram, error) {
	n := 0
	for n < len(b.datagrams) {
		switch err := b.receive(fd, n); {
		case err == nil:
			n++
		case IsInterrupted(err):
		case n > 0 && WouldBlock(err):
			return b.datagrams[:n], nil
		default:
			return b.datagrams[:n], err
		}
	}
	return b.datagrams, nil
}

func (b *Inbox) receive(fd, i int) error {
	slot := b.slab[i*b.size : (i+1)*b.size : (i+1)*b.size]
	n, truncated, err := receiveOne(fd, slot, &b.names[i])
	if err != nil {
		return err
	}
	b.datagrams[i] = Datagram{Data: slot[:n:b.size], From: &b.names[i], Truncated: truncated}
	return nil
}

// An Outbox sends datagrams. Its zero value is ready; it belongs to one
// goroutine.
type Outbox struct{}

// Send sends datagrams in order from a non-blocking socket and returns how many
// the kernel took; if not all, err is the errno that the next one got (see
// WouldBlock and IsNoBuffers), and that one was not sent. An interrupted call is
// made again.
func (b *Outbox) Send(fd int, datagrams []Outgoing) (n int, err error) {
	for n < len(datagrams) {
		switch err := sendOne(fd, &datagrams[n]); {
		case err == nil:
			n++
		case !IsInterrupted(err):
			return n, err
		}
	}
	return n, nil
}
