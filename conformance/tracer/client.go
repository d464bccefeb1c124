package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

// connect connects a traced protocol without hooks and waits for it.
func connect(x *trace.X, address string, cfg *eventloop.ConnectionConfig) (eventloop.Connection, error) {
	return x.Loop.CreateConnection(x.Factory(trace.Hooks{}), "tcp", address, cfg).Await(x.Context())
}

func local(port int) string { return fmt.Sprint("127.0.0.1:", port) }

// answers is a resolver that knows these addresses for every name.
type answers []netip.Addr

func (a answers) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return a, nil }

func (a answers) LookupPort(context.Context, string, string) (int, error) {
	panic("no scenario has a service name")
}

// client is about connecting.
var client = []trace.Scenario{{
	Name: "client_connect",
	Doc:  "CreateConnection: factory, ConnectionMade, then the call returns, then data; the peer closes.",
	Run: func(x *trace.X) {
		x.Ready()
		c, err := connect(x, local(x.Env.PeerPort), nil)
		x.Waited("create_connection", nil, err)
		x.Emit("returned", trace.Fields{"same": c.Transport.Protocol() == c.Protocol})
		x.Lost(1)
	},
}, {
	Name: "client_refused",
	Doc:  "A refused connection is ECONNREFUSED, and the factory is not called.",
	Run: func(x *trace.X) {
		x.Ready()
		_, err := connect(x, local(x.Env.ClosedPort), nil)
		x.Waited("create_connection", nil, err)
	},
}, {
	Name: "client_sock",
	Doc:  "A given socket that is connected is taken over.",
	Run: func(x *trace.X) {
		x.Ready()
		given := trace.Must(net.Dial("tcp", local(x.Env.PeerPort)))
		trace.Must(connect(x, "", &eventloop.ConnectionConfig{Socket: given}))
		x.Streams[0].Write([]byte("hi"))
		x.Lost(1)
	},
}, {
	Name: "client_local_addr_in_use",
	Doc:  "A local address that can not be bound is EADDRINUSE, and the factory is not called.",
	Run: func(x *trace.X) {
		x.Ready()
		peer := local(x.Env.PeerPort)
		_, err := connect(x, peer, &eventloop.ConnectionConfig{LocalAddr: peer})
		x.Waited("create_connection", nil, err)
	},
}, {
	Name: "client_addresses",
	Doc:  "Several addresses are tried in order; when all fail alike that is the error, otherwise a combined one.",
	Run: func(x *trace.X) {
		x.Ready()
		// The driver listens on the first address only.
		first, second := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
		for _, try := range []struct {
			what  string
			port  int
			addrs answers
		}{
			{"bad, good", x.Env.PeerPort, answers{second, first}},
			{"one bad", x.Env.ClosedPort, answers{first}},
			{"same bad twice", x.Env.ClosedPort, answers{first, first}},
			{"two bad", x.Env.ClosedPort, answers{first, second}},
			{"none", x.Env.ClosedPort, nil},
		} {
			c, err := connect(x, fmt.Sprint("name:", try.port), &eventloop.ConnectionConfig{Resolver: try.addrs})
			x.Waited("create_connection", trace.Fields{"what": try.what}, err)
			if err == nil {
				must(c.Transport.Close())
				x.Lost(1)
			}
		}
	},
}}
