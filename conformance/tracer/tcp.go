package main

import (
	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/protocols"
)

// tcp is about the stream transport: reading, writing, flow control, the ends
// of a connection, failing callbacks.
var tcp = []trace.Scenario{{
	Name: "tcp_echo",
	Doc:  "Plain echo in ping-pong; then the client half-closes, which closes the transport.",
	Run:  until(trace.Hooks{Data: echo}),
}, {
	Name: "tcp_extra_info",
	Doc:  "What ExtraInfo knows of a plain TCP transport, before and after it is lost.",
	Run: func(x *trace.X) {
		show := func(p *trace.Stream, when string) {
			known := func(name string) bool { return p.T.ExtraInfo(name) != nil }
			x.Emit("extra", trace.Fields{
				"c": 0, "when": when, "socket": known("socket"),
				"sockname": host(p.T.ExtraInfo("sockname")), "peername": host(p.T.ExtraInfo("peername")),
				"absent": !known("no-such-key"), "sslcontext": known("sslcontext"), "pipe": known("pipe"),
				"protocol_is_me": p.T.Protocol() == protocols.Protocol(p),
			})
		}
		x.TCP(trace.Hooks{
			Made: func(p *trace.Stream) { show(p, "made") },
			Lost: func(p *trace.Stream) { show(p, "lost") },
		})
		x.Lost(1)
		x.Settle()
		t := x.Streams[0].T
		x.Emit("extra", trace.Fields{
			"c": 0, "when": "after", "sockname": host(t.ExtraInfo("sockname")), "protocol_is_none": t.Protocol() == nil,
		})
	},
}, {
	Name: "tcp_eof_close_flushes",
	Doc:  "The client half-closes while 16 MiB are buffered: the transport closes after all is delivered.",
	Run:  until(trace.Hooks{Data: func(p *trace.Stream, _ []byte) { writeBig(p) }}),
}, {
	Name: "tcp_eof_keep_open",
	Doc:  "EOFReceived returns true: the sending half stays usable, and IsReading true.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{EOF: keepOpen})
		x.Step()
		p := x.Streams[0]
		p.Probe()
		p.Write([]byte("late data"))
		x.Step()
		p.Close()
		x.Lost(1)
	},
}, {
	Name: "tcp_eof_keep_open_peer_gone",
	Doc:  "Kept open after the end of input; that the peer is gone altogether is known when a write fails.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{EOF: keepOpen})
		x.Step()
		p := x.Streams[0]
		p.Probe()
		p.Write([]byte("first"))
		x.Step()
		p.Write([]byte("second"))
		p.Write([]byte("third"))
		x.Lost(1)
	},
}, {
	Name: "tcp_client_rst_idle",
	Doc:  "A reset of an idle connection is its error, without EOFReceived.",
	Run:  until(trace.Hooks{Data: echo}),
}, {
	Name: "tcp_client_rst_buffered",
	Doc:  "A reset while 16 MiB are buffered drops them.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: writeBig})
		x.Lost(1)
		x.Streams[0].Probe()
	},
}, {
	Name: "tcp_client_rst_paused",
	Doc:  "A reset is not noticed while reading is paused; resuming tells of it.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: pause})
		x.Step()
		p := x.Streams[0]
		p.Probe()
		p.ResumeReading()
		x.Lost(1)
	},
}, {
	Name: "tcp_client_rst_paused_write",
	Doc:  "A reset while paused shows in Write: no error for the caller, ConnectionLost later.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: pause})
		x.Step()
		p := x.Streams[0]
		p.Write([]byte("hello"))
		p.Write([]byte("again"))
		x.Lost(1)
	},
}, {
	Name: "tcp_abort_buffered",
	Doc:  "Abort drops the buffer and is no error; the peer sees the end of a shortened stream.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: writeBig})
		x.Step()
		x.Streams[0].Abort()
		x.Mark("after abort")
		x.Lost(1)
	},
}, {
	Name: "tcp_abort_unread",
	Doc:  "Abort with unread input in the kernel: the peer sees a reset.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: pause})
		x.Step()
		x.Streams[0].Abort()
		x.Lost(1)
	},
}, {
	Name: "tcp_close_flush",
	Doc:  "Close with 16 MiB buffered and a slow reader: no more input, every byte arrives, then the end.",
	Run:  until(trace.Hooks{Made: writeBigAndClose}),
}, {
	Name: "tcp_close_in_data_received",
	Doc:  "A reply and Close in one DataReceived: the reply arrives, ConnectionLost comes later.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Data: func(p *trace.Stream, _ []byte) {
			p.Write([]byte("bye"))
			p.Close()
			x.Mark("after close")
		}})
		x.Lost(1)
	},
}, {
	Name: "tcp_close_idempotent",
	Doc:  "Close, Close, Abort, Abort: one ConnectionLost.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Data: func(p *trace.Stream, _ []byte) {
			p.Close()
			p.Close()
			p.Abort()
			p.Abort()
		}})
		x.Lost(1)
		x.Settle()
	},
}, {
	Name: "tcp_write_after_close_buffered",
	Doc:  "A write after Close is accepted and delivered as long as the buffer is not empty.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		writeBigAndClose(p)
		p.Write([]byte("tail!"))
	}}),
}, {
	Name: "tcp_write_after_close_idle",
	Doc:  "Ten writes after Close on an empty buffer are dropped, with a warning from the fifth on.",
	Run: until(trace.Hooks{Data: func(p *trace.Stream, _ []byte) {
		p.Close()
		for range 10 {
			p.Write([]byte("dropped"))
		}
	}}),
}, {
	Name: "tcp_use_after_lost",
	Doc:  "Every method of a transport is harmless during and after ConnectionLost.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Data: closeIt, Lost: func(p *trace.Stream) {
			p.Write([]byte("in lost"))
			p.Close()
			p.Abort()
			p.WriteEOF()
		}})
		x.Lost(1)
		x.Settle()
		p := x.Streams[0]
		for range 3 {
			p.Write([]byte("after"))
		}
		p.Close()
		p.Abort()
		p.WriteEOF()
		p.PauseReading()
		p.ResumeReading()
		p.Ask("get_write_buffer_size", nil, func() (any, error) { return p.T.WriteBufferSize(), nil })
		p.Ask("is_closing", nil, func() (any, error) { return p.T.IsClosing(), nil })
	},
}, {
	Name: "tcp_write_eof_read_on",
	Doc:  "After WriteEOF the peer sees the end, and the transport receives until the peer closes.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		p.Ask("can_write_eof", nil, func() (any, error) { return p.T.CanWriteEOF(), nil })
		p.Write([]byte("request"))
		p.WriteEOF()
	}}),
}, {
	Name: "tcp_write_eof_flush",
	Doc:  "WriteEOF with 16 MiB buffered: the end follows the flush, and the transport is not closing meanwhile.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		writeBig(p)
		p.WriteEOF()
	}}),
}, {
	Name: "tcp_write_after_write_eof",
	Doc:  "After WriteEOF a write is an error, even of nothing; WriteEOF again is not, and Close works.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		p.WriteEOF()
		p.Write([]byte("x"))
		p.Write(nil)
		p.WriteEOF()
		p.Close()
		p.Write([]byte("x"))
	}}),
}, {
	Name: "tcp_writelines_flush",
	Doc:  "WriteBuffers counts as one write: it pauses, it is flushed by Close, and empty pieces get nothing stuck.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		p.WriteBuffers([]byte("hello"), nil)
		p.WriteBuffers(big(), nil, []byte("end"), nil)
		p.Close()
	}}),
}, {
	Name: "tcp_pause_resume",
	Doc:  "PauseReading in ConnectionMade holds everything back; both can be repeated; ResumeReading delivers nothing itself.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: func(p *trace.Stream) {
			p.PauseReading()
			p.PauseReading()
		}})
		x.Step()
		p := x.Streams[0]
		p.Probe()
		p.ResumeReading()
		p.ResumeReading()
		x.Mark("after resume")
		x.Lost(1)
	},
}, {
	Name: "tcp_pause_then_eof",
	Doc:  "Data and the end of input that came while paused are told of in order.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: pause})
		x.Step()
		x.Streams[0].ResumeReading()
		x.Lost(1)
	},
}, {
	Name: "tcp_write_limits",
	Doc:  "The default marks, and the rules of SetWriteBufferLimits.",
	Run: until(trace.Hooks{Made: func(p *trace.Stream) {
		show := func() {
			p.Ask("limits", nil, func() (any, error) {
				w := p.T.WriteBufferLimits()
				return []int{w.Low, w.High}, nil
			})
		}
		show()
		for _, given := range []trace.Fields{
			{"high": 100}, {"low": 100}, {"high": 10, "low": 10}, {"high": 0}, {"low": 0}, {"high": 7},
			{"high": 1, "low": 2}, {"high": -1}, {"low": -1}, {"high": 0, "low": 1}, {},
		} {
			limit(p, given, marks(given))
			show()
		}
	}}),
}, {
	Name: "tcp_watermark_edges",
	Doc:  "As many bytes as the high mark do not pause, one more does; lower marks pause at once; higher ones do not resume.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{
			Made: func(p *trace.Stream) {
				limit(p, trace.Fields{"high": "huge"}, huge)
				writeBig(p)
				limit(p, trace.Fields{"high": "size"}, protocols.Watermarks{High: p.T.WriteBufferSize()})
				p.Write([]byte("!"))
				p.Write([]byte("!"))
				limit(p, trace.Fields{"high": "huge"}, huge)
				limit(p, trace.Fields{"high": 1}, protocols.Watermarks{High: 1})
				limit(p, trace.Fields{"high": 4, "low": 0}, protocols.Watermarks{High: 4, Low: protocols.Empty})
			},
			Resume: func(p *trace.Stream) { p.Probe() },
		})
		x.Step()
		x.Streams[0].Probe()
		x.Streams[0].Close()
		x.Lost(1)
	},
}, {
	Name: "tcp_watermark_lower_pauses",
	Doc:  "Marks below what is buffered call PauseWriting inside SetWriteBufferLimits.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Made: func(p *trace.Stream) {
			limit(p, trace.Fields{"high": "huge"}, huge)
			writeBig(p)
			limit(p, trace.Fields{"high": 0}, protocols.Watermarks{High: protocols.Empty})
		}})
		x.Step()
		x.Streams[0].Close()
		x.Lost(1)
	},
}, {
	Name: "tcp_write_in_resume",
	Doc:  "A write inside ResumeWriting may pause again, nested; pauses and resumes stay in pairs.",
	Run: func(x *trace.X) {
		left := 2
		x.TCP(trace.Hooks{Made: writeBig, Resume: func(p *trace.Stream) {
			if left > 0 {
				left--
				writeBig(p)
			}
			x.Mark("resume returns")
		}})
		x.Step()
		x.Streams[0].Close()
		x.Lost(1)
	},
}, {
	Name: "tcp_close_while_write_paused",
	Doc:  "Close while writing is paused: ResumeWriting still comes before ConnectionLost.",
	Run:  until(trace.Hooks{Made: writeBigAndClose}),
}, {
	Name: "tcp_exc_connection_made",
	Doc:  "A panic in ConnectionMade is reported; the connection stays, and data flows.",
	Run:  until(trace.Hooks{Made: boom, Data: echo}),
}, {
	Name: "tcp_exc_data_received",
	Doc:  "A panic in DataReceived is reported, and ends the connection with it.",
	Run:  until(trace.Hooks{Data: boomOn}),
}, {
	Name: "tcp_exc_eof_received",
	Doc:  "A panic in EOFReceived is reported, and ends the connection with it.",
	Run:  until(trace.Hooks{EOF: func(*trace.Stream) bool { panic(trace.ErrBoom) }}),
}, {
	Name: "tcp_exc_connection_lost",
	Doc:  "A panic in ConnectionLost is reported; the socket is closed all the same.",
	Run: func(x *trace.X) {
		x.TCP(trace.Hooks{Data: closeIt, Lost: boom})
		x.Lost(1)
		x.Settle()
	},
}, {
	Name: "tcp_exc_factory",
	Doc:  "A panic in the factory closes the accepted socket and is not reported.",
	Run: func(x *trace.X) {
		server := x.Serve(func() protocols.Protocol {
			x.Emit("factory", nil)
			panic(trace.ErrBoom)
		})
		x.Step()
		x.Emit("op", trace.Fields{"op": "is_serving", "ret": server.IsServing()})
	},
}, {
	Name: "tcp_protocol_switch",
	Doc:  "SetProtocol in mid-stream: no ConnectionMade for the new one, which alone hears all that follows.",
	Run: func(x *trace.X) {
		second := x.Stream(trace.Hooks{Name: "second", Data: echo})
		x.TCP(trace.Hooks{Name: "first", Data: func(p *trace.Stream, data []byte) {
			p.Write(data)
			second.T = p.T
			p.Do("set_protocol", nil, func() { p.T.SetProtocol(second) })
			p.Ask("get_protocol", nil, func() (any, error) { return p.T.Protocol() == protocols.Protocol(second), nil })
		}})
		x.Lost(1)
	},
}, {
	Name: "tcp_buffered_protocol",
	Doc:  "A BufferedProtocol: GetBuffer(-1) before every read, also before the one that finds the end.",
	Run:  untilBuffered(trace.Hooks{Data: echo}),
}, {
	Name: "tcp_buffered_zero",
	Doc:  "An empty buffer from GetBuffer is reported, and ends the connection.",
	Run:  untilBuffered(trace.Hooks{GetBuffer: func(*trace.Stream) []byte { return []byte{} }}),
}, {
	Name: "tcp_buffered_exc",
	Doc:  "A panic in BufferUpdated is like one in DataReceived.",
	Run:  untilBuffered(trace.Hooks{Data: boomOn}),
}, {
	Name: "tcp_switch_to_buffered",
	Doc:  "SetProtocol to a BufferedProtocol changes how the next read is done.",
	Run: func(x *trace.X) {
		second := x.Buffered(trace.Hooks{Name: "buffered"})
		x.TCP(trace.Hooks{Name: "stream", Data: func(p *trace.Stream, _ []byte) {
			second.T = p.T
			p.Do("set_protocol", nil, func() { p.T.SetProtocol(second) })
			p.Write([]byte("ok"))
		}})
		x.Lost(1)
	},
}}
