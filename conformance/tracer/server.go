package main

import (
	"context"
	"net"
	"time"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

// showServer traces what a server says of itself.
func showServer(x *trace.X, s *eventloop.Server) {
	x.Emit("server", trace.Fields{"serving": s.IsServing(), "sockets": len(s.Sockets())})
}

// server is about servers.
var server = []trace.Scenario{{
	Name: "server_close_existing",
	Doc:  "Close refuses new connections and leaves existing ones running.",
	Run: func(x *trace.X) {
		s := x.TCP(trace.Hooks{Data: echo})
		x.Step()
		x.Do("server.close", nil, s.Close)
		showServer(x, s)
		x.Do("server.close", nil, s.Close)
		x.Lost(1)
	},
}, {
	Name: "server_wait_closed",
	Doc:  "WaitClosed after Close waits for the connection that is left.",
	Run: func(x *trace.X) {
		s := x.TCP(trace.Hooks{})
		x.Made(1)
		s.Close()
		waiter := eventloop.CreateTask(x.Loop, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, s.WaitClosed(ctx)
		})
		waiter.WhenDone(x.Marker("wait_closed returned"))
		x.Step()
		x.Streams[0].Close()
		x.Lost(1)
		trace.Must(waiter.Await(x.Context()))
		x.Settle()
	},
}, {
	Name: "server_start_serving_false",
	Doc:  "A paused server is bound and does not listen until StartServing, which may be called twice.",
	Run: func(x *trace.X) {
		s := x.ServeWith(x.Factory(trace.Hooks{Data: echo}), &eventloop.ServerConfig{Paused: true})
		showServer(x, s)
		x.Step()
		x.Op("start_serving", nil, s.StartServing)
		x.Op("start_serving", nil, s.StartServing)
		showServer(x, s)
		x.Lost(1)
	},
}, {
	Name: "server_addr_in_use",
	Doc:  "A busy address is EADDRINUSE.",
	Run: func(x *trace.X) {
		x.Ready()
		_, err := x.Loop.CreateServer(x.Factory(trace.Hooks{}), "tcp", local(x.Env.PeerPort), nil).Await(x.Context())
		x.Waited("create_server", nil, err)
	},
}, {
	Name: "server_bad_args",
	Doc:  "What CreateServer refuses.",
	Run: func(x *trace.X) {
		x.Ready()
		listener := trace.Must(net.Listen("tcp", "127.0.0.1:0"))
		defer listener.Close()
		datagrams := trace.Must(net.ListenPacket("udp", "127.0.0.1:0"))
		defer datagrams.Close()
		for _, try := range []struct {
			what, address string
			cfg           *eventloop.ServerConfig
		}{
			{"nothing", "", nil},
			{"host+sock", "127.0.0.1:0", &eventloop.ServerConfig{Listener: listener}},
			{"datagram sock", "", &eventloop.ServerConfig{Listener: datagrams}},
			{"handshake timeout without tls", "127.0.0.1:0", &eventloop.ServerConfig{HandshakeTimeout: time.Second}},
		} {
			_, err := x.Loop.CreateServer(x.Factory(trace.Hooks{}), "tcp", try.address, try.cfg).Await(x.Context())
			x.Waited("create_server", trace.Fields{"what": try.what}, err)
		}
	},
}, {
	Name: "server_accept_emfile",
	Doc:  "Accept runs out of descriptors: reported with the socket, then rests for a second, then the client is served.",
	Run: func(x *trace.X) {
		trace.LimitDescriptors(64)
		x.ServeWith(x.Factory(trace.Hooks{Data: echo}), &eventloop.ServerConfig{Backlog: 1})
		x.Settle()
		giveBack := trace.UseUpDescriptors()
		x.Emit("full", nil)
		x.Step()
		began := time.Now()
		giveBack()
		x.Made(1)
		waited := time.Since(began)
		x.MarkWith("accepted", trace.Fields{"waited": 500*ms < waited && waited < 1500*ms})
		x.Lost(1)
	},
}, {
	Name: "server_connect_accepted",
	Doc:  "ConnectAcceptedSocket wraps a connection that was accepted elsewhere.",
	Run: func(x *trace.X) {
		l := trace.Must(net.Listen("tcp", "127.0.0.1:0"))
		addr := l.Addr().(*net.TCPAddr)
		x.Hello("tcp", trace.Fields{"host": addr.IP.String(), "port": addr.Port})
		conn := trace.Must(eventloop.RunInExecutor(x.Loop, l.Accept).Await(x.Context()))
		trace.Must(x.Loop.ConnectAcceptedSocket(x.Factory(trace.Hooks{Data: echo}), conn, nil).Await(x.Context()))
		x.Mark("returned")
		x.Lost(1)
	},
}}
