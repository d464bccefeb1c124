package trace_test

import (
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// transport has a state and does nothing.
type transport struct {
	protocols.Transport
	closing, paused bool
	size            int
	fails           error
	pipe            string // "read", "write", or empty
}

func (t *transport) IsClosing() bool      { return t.closing }
func (t *transport) IsReading() bool      { return !t.paused && !t.closing }
func (t *transport) WriteBufferSize() int { return t.size }
func (t *transport) WriteBufferLimits() protocols.Watermarks {
	return protocols.Watermarks{Low: 1, High: 4}
}
func (t *transport) CanWriteEOF() bool { return t.pipe != "read" }
func (t *transport) ExtraInfo(name string) any {
	if name == "pipe" && t.pipe != "" {
		return t
	}
	return nil
}
func (t *transport) Write(b []byte) (int, error) { return 0, t.fails }
func (t *transport) Close() error                { t.closing = true; return nil }

var _ = Describe("State", func() {
	DescribeTable("is three letters",
		func(t *transport, want string) { Expect(trace.State(t)).To(Equal(want)) },
		Entry("open, reading, empty", &transport{}, "oRE"),
		Entry("paused", &transport{paused: true}, "opE"),
		Entry("with bytes", &transport{size: 1}, "oRB"),
		Entry("closing, which does not read", &transport{closing: true}, "CpE"),
		Entry("a pipe's reading end, which has no buffer", &transport{pipe: "read", size: 1}, "oR-"),
		Entry("a pipe's writing end, which does not read", &transport{pipe: "write", size: 1}, "o-B"),
	)
})

var _ = Describe("Stream", func() {
	// within runs fn on a loop's goroutine and returns its trace.
	within := func(fn func(x *trace.X)) []trace.Fields {
		GinkgoHelper()
		return perform(trace.Scenario{Run: fn}, "").events()
	}

	It("counts instances in order of construction and traces the factory", func() {
		Expect(within(func(x *trace.X) {
			x.Stream(trace.Hooks{})
			x.Factory(trace.Hooks{})()
		})).To(Equal([]trace.Fields{{"ev": "factory", "c": 1.0}}))
	})

	It("traces a callback with the state before the hook, and what the hook does inside it", func() {
		Expect(within(func(x *trace.X) {
			p := x.Stream(trace.Hooks{Made: func(p *trace.Stream) { p.Close() }})
			p.ConnectionMade(&transport{})
			p.Probe()
		})).To(Equal([]trace.Fields{
			{"ev": "connection_made", "c": 0.0, "st": "oRE"},
			{"ev": "op", "op": "close", "c": 0.0, "st": "CpE", "in": []any{"connection_made"}},
			{"ev": "probe", "c": 0.0, "st": "CpE"},
		}))
	})

	It("traces sizes, and the checksum of everything received so far", func() {
		Expect(within(func(x *trace.X) {
			p := x.Stream(trace.Hooks{})
			p.DataReceived([]byte("he"))
			p.DataReceived([]byte("llo"))
		})).To(Equal([]trace.Fields{
			{"ev": "data_received", "c": 0.0, "n": 2.0, "crc": float64(0xd1256687)},
			{"ev": "data_received", "c": 0.0, "n": 3.0, "crc": float64(0x3610a686)},
		}))
	})

	It("compares the buffer with the marks of flow control", func() {
		Expect(within(func(x *trace.X) {
			p := x.Stream(trace.Hooks{Name: "flow"})
			p.T = &transport{size: 5}
			p.PauseWriting()
			p.T = &transport{size: 1}
			p.ResumeWriting()
		})).To(Equal([]trace.Fields{
			{"ev": "pause_writing", "c": 0.0, "p": "flow", "st": "oRB", "over_high": true},
			{"ev": "resume_writing", "c": 0.0, "p": "flow", "st": "oR*", "at_low": true},
		}))
	})

	It("traces an error of Write, but not that it was dropped", func() {
		Expect(within(func(x *trace.X) {
			p := x.Stream(trace.Hooks{})
			p.T = &transport{fails: net.ErrClosed, closing: true}
			p.Write([]byte("x"))
			p.T = &transport{fails: eventloop.ErrInvalidState}
			p.Write(nil)
		})).To(Equal([]trace.Fields{
			{"ev": "op", "op": "write", "c": 0.0, "n": 1.0, "st": "CpE"},
			{"ev": "op", "op": "write", "c": 0.0, "n": 0.0, "st": "oRE", "raises": "bad-state"},
		}))
	})

	It("traces the buffers of a buffered protocol", func() {
		Expect(within(func(x *trace.X) {
			p := x.Buffered(trace.Hooks{Data: func(_ *trace.Stream, data []byte) { x.Mark(string(data)) }})
			p.BufferUpdated(copy(p.GetBuffer(-1), "hello"))
		})).To(Equal([]trace.Fields{
			{"ev": "get_buffer", "c": 0.0, "hint": -1.0},
			{"ev": "buffer_updated", "c": 0.0, "n": 5.0, "crc": float64(0x3610a686)},
			{"ev": "mark", "name": "hello", "in": []any{"buffer_updated"}},
		}))
	})

	It("is lost for those who wait only after its hook, even one that panics", func() {
		Expect(names(within(func(x *trace.X) {
			p := x.Stream(trace.Hooks{Lost: func(*trace.Stream) { trace.Boom() }})
			x.Loop.CallSoon(func() { p.ConnectionLost(nil) })
			x.Lost(1)
			x.Mark("over")
		}))).To(Equal([]any{"connection_lost", "exception_handler", "over"}))
	})
})
