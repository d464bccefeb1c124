package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

const errorWait = 100 * ms // until the answer of ICMP is there

func echoDatagram(p *trace.Datagram, data []byte, from net.Addr) { p.SendTo(data, from) }

func localhost(port int) *net.UDPAddr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

func connectedTo(port int) eventloop.DatagramConfig {
	return eventloop.DatagramConfig{RemoteAddr: localhost(port).String()}
}

// sendNumbered sends 200 datagrams of 1003 bytes, without tracing each.
func sendNumbered(p *trace.Datagram) {
	for i := range 200 {
		must(p.T.SendTo(append(fmt.Appendf(nil, "%03d", i), bytes.Repeat([]byte("x"), 1000)...), nil))
	}
}

// udp is about datagram endpoints.
var udp = []trace.Scenario{{
	Name: "udp_echo",
	Doc:  "Datagram echo to the sender's address; boundaries are kept; Close ends with ConnectionLost(nil).",
	Run: func(x *trace.X) {
		p := x.UDP(echoDatagram)
		x.Mark("endpoint returned")
		x.Step()
		p.Close()
		p.Close()
		x.Mark("after close")
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_empty",
	Doc:  "An empty datagram is received as such, and sent as such.",
	Run: func(x *trace.X) {
		p := x.UDP(func(p *trace.Datagram, _ []byte, from net.Addr) { p.SendTo(nil, from) })
		x.Step()
		p.Close()
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_connected_refused",
	Doc:  "A connected endpoint learns of an unreachable port through ErrorReceived and stays open.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Datagram(connectedTo(x.Env.ClosedPort), nil)
		p.SendTo([]byte("x"), nil)
		x.Sleep(errorWait)
		p.Probe()
		p.SendTo([]byte("y"), nil)
		x.Sleep(errorWait)
		p.Abort()
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_unconnected_refused",
	Doc:  "An endpoint that is not connected does not hear of unreachable ports.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Datagram(eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0"}, nil)
		for range 2 {
			p.SendTo([]byte("x"), localhost(x.Env.ClosedPort))
			x.Sleep(errorWait)
		}
		p.Close()
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_too_big",
	Doc:  "A datagram that is too big: ErrorReceived(EMSGSIZE), nested in SendTo; no error of SendTo, still open.",
	Run: func(x *trace.X) {
		x.Ready()
		p := x.Datagram(connectedTo(x.Env.PeerPort), nil)
		p.SendTo(make([]byte, 70000), nil)
		p.Probe()
		p.Close()
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_buffered",
	Doc:  "Datagrams that can not go out at once (Unix socket, slow reader) are queued: pause, resume, flush on Close.",
	Run: func(x *trace.X) {
		x.Ready()
		x.Step()
		p := x.Datagram(eventloop.DatagramConfig{Network: "unixgram", RemoteAddr: filepath.Join(x.Env.Tmp, "dg")}, nil)
		sendNumbered(p)
		p.Probe()
		x.Step()
		for p.T.WriteBufferSize() > 0 {
			x.Settle()
		}
		p.Probe()
		x.Step()
		sendNumbered(p)
		p.Close()
		p.SendTo([]byte("after close"), nil)
		x.Mark("after close")
		x.LostDatagrams(1)
	},
}, {
	Name: "udp_exc_datagram_received",
	Doc:  "A panic in DatagramReceived is reported but does not end the endpoint.",
	Run: func(x *trace.X) {
		p := x.UDP(func(p *trace.Datagram, data []byte, from net.Addr) {
			if string(data) == "boom" {
				trace.Boom()
			}
			p.SendTo(data, from)
		})
		x.Step()
		p.Close()
		x.LostDatagrams(1)
	},
}}
