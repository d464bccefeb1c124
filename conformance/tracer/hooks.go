package main

import (
	"bytes"
	"net"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/protocols"
)

// big is more than any kernel buffer on the way will take.
func big() []byte { return bytes.Repeat([]byte("x"), 16<<20) }

func echo(p *trace.Stream, data []byte) { p.Write(data) }

func writeBig(p *trace.Stream) { p.Write(big()) }

func writeBigAndClose(p *trace.Stream) {
	writeBig(p)
	p.Close()
}

func pause(p *trace.Stream) { p.PauseReading() }

func closeIt(p *trace.Stream, _ []byte) { p.Close() }

func keepOpen(*trace.Stream) bool { return true }

func boom(*trace.Stream) { trace.Boom() }

func boomOn(*trace.Stream, []byte) { trace.Boom() }

// until makes a scenario that is nothing but a server with these hooks and one
// connection.
func until(hooks trace.Hooks) func(*trace.X) {
	return func(x *trace.X) {
		x.TCP(hooks)
		x.Lost(1)
	}
}

func untilBuffered(hooks trace.Hooks) func(*trace.X) {
	return func(x *trace.X) {
		x.TCPBuffered(hooks)
		x.Lost(1)
	}
}

// huge is a high mark that nothing reaches.
var huge = protocols.Watermarks{High: 1 << 30}

// limit sets marks; given is what the trace says of them.
func limit(p *trace.Stream, given trace.Fields, w protocols.Watermarks) {
	p.Op("set_limits", given, func() error { return p.T.SetWriteBufferLimits(w) })
}

// marks turns asyncio's arguments into Watermarks: absent is zero there, and
// zero is Empty.
func marks(given trace.Fields) protocols.Watermarks {
	mark := func(name string) int {
		n, there := given[name].(int)
		if there && n == 0 {
			return protocols.Empty
		}
		return n
	}
	return protocols.Watermarks{Low: mark("low"), High: mark("high")}
}

// host is the address without its port, nil if there is none.
func host(addr any) any {
	if a, ok := addr.(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return nil
}
