//go:build unix && !linux

package platform

import "golang.org/x/sys/unix"

func receiveOne(fd int, slot []byte, sender *Name) (n int, truncated bool, err error) {
	n, _, flags, from, err := unix.Recvmsg(fd, slot, nil, unix.MSG_DONTWAIT)
	if err != nil {
		return 0, false, err
	}
	*sender = Name{addr: fromUnix(from)}
	return n, flags&unix.MSG_TRUNC != 0, nil
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
