package platform

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// An Outbox sends datagrams. Its zero value is ready; it belongs to one
// goroutine.
type Outbox struct {
	headers []header
	vectors []unix.Iovec
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
// without an address. The kernel reads the headers during the call only; they
// are wiped so that they keep nobody's memory alive.
func (b *Outbox) sendMany(fd int, datagrams []Outgoing) (sent int, err error) {
	if b.headers == nil {
		b.headers, b.vectors = make([]header, outboxSize), make([]unix.Iovec, outboxSize)
	}
	count := 0
	for i := range datagrams[:min(len(datagrams), outboxSize)] {
		if datagrams[i].To.IsZero() {
			break
		}
		b.address(i, &datagrams[i])
		count++
	}
	defer func() {
		clear(b.headers[:count])
		clear(b.vectors[:count])
	}()
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers[0])),
			uintptr(count), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func (b *Outbox) address(i int, d *Outgoing) {
	b.vectors[i].Base = unsafe.SliceData(d.Data)
	b.vectors[i].SetLen(len(d.Data))
	m := &b.headers[i].message
	m.Name = (*byte)(unsafe.Pointer(&d.To.raw.any))
	m.Namelen = d.To.raw.size
	m.Iov = &b.vectors[i]
	m.SetIovlen(1)
}
