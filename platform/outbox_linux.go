package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// outboxSize is how many datagrams one system call sends at most.
const outboxSize = 64

// An Outbox sends datagrams. Its zero value is ready; it belongs to one
// goroutine.
type Outbox struct {
	headers  []header
	vectors  []unix.Iovec
	runs     []int // how many datagrams a header stands for
	controls []segmentControl
	segments capability
}

// Send sends datagrams in order from a non-blocking socket and returns how many
// the kernel took; if not all, err is the errno that the next one got (see
// WouldBlock and IsNoBuffers), and that one was not sent. It never waits and
// never raises SIGPIPE. EINTR is retried inside.
//
// To other addresses than the socket's peer many leave in one system call. To
// the peer of a connected socket each has its own: sendmmsg loses the errno that
// cuts it short, and there that errno is the news that an earlier datagram was
// refused.
func (b *Outbox) Send(fd int, datagrams []Outgoing) (n int, err error) {
	for n < len(datagrams) {
		rest := datagrams[n:]
		if len(rest) == 1 || rest[0].To.IsZero() {
			if err := sendOne(fd, &rest[0]); err != nil {
				return n, err
			}
			n++
			continue
		}
		sent, err := b.sendMany(fd, rest)
		if err != nil {
			return n, err
		}
		n += sent
	}
	return n, nil
}

func sendOne(fd int, d *Outgoing) error {
	var to unsafe.Pointer
	if !d.To.IsZero() {
		to = unsafe.Pointer(&d.To.raw.any)
	}
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(d.Data))), uintptr(len(d.Data)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(to), uintptr(d.To.raw.size))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// sendMany makes one call of sendmmsg, for the datagrams up to the first one
// without an address. What the kernel refuses as a run of segments it is given
// again one by one, and that answer counts.
func (b *Outbox) sendMany(fd int, datagrams []Outgoing) (sent int, err error) {
	if b.headers == nil {
		b.headers, b.vectors = make([]header, outboxSize), make([]unix.Iovec, outboxSize)
		b.runs, b.controls = make([]int, outboxSize), make([]segmentControl, outboxSize)
	}
	messages := b.fill(datagrams, b.maySegment(fd, &datagrams[0]))
	n, errno := b.transmit(fd, messages)
	if first := b.runs[0]; errno != 0 && first > 1 && !WouldBlock(errno) {
		if errno == unix.EIO {
			b.segments = absent // the interface can not compute the checksums
		}
		messages = b.fill(datagrams[:first], false)
		n, errno = b.transmit(fd, messages)
	}
	if errno != 0 {
		return 0, errno
	}
	for _, run := range b.runs[:n] {
		sent += run
	}
	return sent, nil
}

// transmit returns how many messages were taken. The kernel reads the headers
// during the call only; they are wiped so that they keep nobody's memory alive.
func (b *Outbox) transmit(fd, messages int) (int, unix.Errno) {
	defer clear(b.headers[:messages])
	defer clear(b.vectors)
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers[0])),
			uintptr(messages), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// fill makes messages, each of one datagram or of a run of segments.
func (b *Outbox) fill(datagrams []Outgoing, segment bool) (messages int) {
	limit := min(len(datagrams), outboxSize)
	for i := 0; i < limit && !datagrams[i].To.IsZero(); messages++ {
		run := 1
		if segment {
			run = segmentRun(datagrams[i:limit])
		}
		for j := range run {
			b.vectors[i+j].Base = unsafe.SliceData(datagrams[i+j].Data)
			b.vectors[i+j].SetLen(len(datagrams[i+j].Data))
		}
		m := &b.headers[messages].message
		m.Name = (*byte)(unsafe.Pointer(&datagrams[i].To.raw.any))
		m.Namelen = datagrams[i].To.raw.size
		m.Iov = &b.vectors[i]
		m.SetIovlen(run)
		if run > 1 {
			c := &b.controls[messages]
			c.set(len(datagrams[i].Data))
			m.Control = (*byte)(unsafe.Pointer(c))
			m.SetControllen(int(unsafe.Sizeof(*c)))
		}
		b.runs[messages] = run
		i += run
	}
	return messages
}
