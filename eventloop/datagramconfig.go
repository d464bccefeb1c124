package eventloop

import (
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// DatagramConfig says what endpoint to make. It needs an address, a network with
// a family, or a Socket.
type DatagramConfig struct {
	// Network is "udp", "udp4", "udp6" or "unixgram". Empty means "udp", or what
	// Socket is. A "udp" endpoint on all interfaces takes IPv4 and IPv6 where the
	// system lets one socket do both.
	Network string

	// LocalAddr is what to bind to: "host:port", an empty host meaning all
	// interfaces, port 0 a free port; or the path or abstract name of a Unix
	// socket, whose sockets without one can not be answered. The socket file of a
	// process that is gone is replaced.
	LocalAddr string

	// RemoteAddr is what to connect to: then only that peer is heard, and SendTo
	// needs no address. An empty host is the loopback.
	RemoteAddr string

	// Socket is a datagram socket in place of addresses, network and the options
	// of the socket: a net.PacketConn of package net, an *os.File, or anything
	// else that is a syscall.Conn. It belongs to the endpoint unless the future
	// has failed at once: it is duplicated and closed, also if the rest fails;
	// closing it again is harmless. If it is connected, so is the endpoint.
	Socket io.Closer

	// ReusePort lets several sockets bind one address, by SO_REUSEPORT.
	ReusePort bool

	// Broadcast lets the endpoint send to broadcast addresses. It is then not
	// connected: RemoteAddr is only where SendTo sends by default.
	Broadcast bool

	// PacketInfo makes the kernel tell where each datagram was sent to, for a
	// protocols.BatchDatagramProtocol.
	PacketInfo bool

	// KeepSocketFile leaves the file of a Unix socket there when the endpoint is
	// closed.
	KeepSocketFile bool

	// WriteBufferLimits are the first marks of the queue. The zero value means
	// the defaults.
	WriteBufferLimits protocols.Watermarks

	// Resolver looks host and service names up. Nil means net.DefaultResolver.
	Resolver Resolver
}

// refusal is what the platform has against such an endpoint.
func (c *DatagramConfig) refusal(t platform.Table) error {
	ops := []platform.Operation{forNetwork(c.Network, platform.CreateDatagramEndpoint, platform.CreateDatagramEndpointUnix)}
	if c.isUnix() && (isAbstract(c.LocalAddr) || isAbstract(c.RemoteAddr)) {
		ops = append(ops, platform.UnixAbstractName)
	}
	if c.ReusePort {
		ops = append(ops, platform.ReusePort)
	}
	if c.PacketInfo {
		ops = append(ops, platform.PacketInfo)
	}
	for _, op := range ops {
		if err := t.Check(op); err != nil {
			return err
		}
	}
	return nil
}

func (c *DatagramConfig) isUnix() bool { return c.Network == "unixgram" }

// besideSocket names what does not go with a Socket (contract I2).
func (c *DatagramConfig) besideSocket() string {
	var given []string
	for _, field := range []struct {
		name  string
		there bool
	}{
		{"Network", c.Network != ""},
		{"LocalAddr", c.LocalAddr != ""},
		{"RemoteAddr", c.RemoteAddr != ""},
		{"ReusePort", c.ReusePort},
		{"Broadcast", c.Broadcast},
	} {
		if field.there {
			given = append(given, field.name)
		}
	}
	return strings.Join(given, ", ")
}

// endpoint checks an address, nil if there is none.
func (c *DatagramConfig) endpoint(address string, passive bool) (*endpoint, error) {
	if address == "" {
		return nil, nil
	}
	if c.isUnix() {
		a, err := unixSockaddr(address)
		return &endpoint{literal: []platform.Sockaddr{a}}, err
	}
	family, isUDP := strings.CutPrefix(c.Network, "udp")
	if !isUDP {
		return nil, net.UnknownNetworkError(c.Network)
	}
	e, err := parseEndpoint("tcp"+family, address, passive)
	e.services, e.resolver = "udp", c.Resolver
	if passive && e.host == "" && len(e.literal) == 2 {
		e.literal[0], e.literal[1] = e.literal[1], e.literal[0] // IPv6 serves both
	}
	return &e, err
}

// unboundFamily is the family of a socket without addresses (contract I1).
func (c *DatagramConfig) unboundFamily() (int, error) {
	switch c.Network {
	case "udp4":
		return syscall.AF_INET, nil
	case "udp6":
		return syscall.AF_INET6, nil
	case "unixgram":
		return syscall.AF_UNIX, nil
	case "udp":
		return 0, invalid("neither an address nor a network with a family")
	}
	return 0, net.UnknownNetworkError(c.Network)
}
