package platform

import "golang.org/x/sys/unix"

// SetPacketInfo makes Receive tell where each datagram was sent to and by which
// interface it came in. An IPv6 socket that takes IPv4 too tells it of both.
// ip(7), ipv6(7).
func SetPacketInfo(fd int, on bool) error {
	family, err := SocketFamily(fd)
	switch {
	case err != nil:
		return err
	case family == unix.AF_INET6:
		return setBool(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, on)
	case family == unix.AF_INET:
		return setBool(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, on)
	}
	return unix.EOPNOTSUPP
}
