package main

import (
	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/platform"
)

// fd is about readers and writers.
var fd = []trace.Scenario{{
	Name: "fd_reader",
	Doc:  "AddReader is level-triggered and replaced by a second one; RemoveReader says whether there was one.",
	Run: func(x *trace.X) {
		x.Ready()
		p := newPair()
		defer p.close()
		add := func(fn func()) {
			x.Op("add_reader", nil, func() error { return x.Loop.AddReader(p.fd(), fn) })
		}
		remove := func() {
			x.Ask("remove_reader", nil, func() (any, error) { return x.Loop.RemoveReader(p.fd()) })
		}
		n := 0
		remove()
		add(x.Marker("first"))
		add(func() {
			n++
			x.Mark("second")
			if n == 3 {
				remove()
				remove()
			}
		})
		p.send("never read")
		x.Settle()
		add(x.Marker("readable again"))
		x.Sleep(0)
		x.Sleep(0)
		remove()
	},
}, {
	Name: "fd_writer",
	Doc:  "AddWriter on a writable socket fires in every iteration; reader and writer are independent.",
	Run: func(x *trace.X) {
		x.Ready()
		p := newPair()
		defer p.close()
		remove := func() {
			x.Ask("remove_writer", nil, func() (any, error) { return x.Loop.RemoveWriter(p.fd()) })
		}
		n := 0
		must(x.Loop.AddWriter(p.fd(), func() {
			n++
			x.Mark("writable")
			if n == 2 {
				remove()
				remove()
				p.send("x")
			}
		}))
		must(x.Loop.AddReader(p.fd(), func() {
			x.Mark("readable")
			trace.Must(x.Loop.RemoveReader(p.fd()))
		}))
		x.Settle()
	},
}, {
	Name: "fd_transport_conflict",
	Doc:  "A transport's descriptor is refused as reader or writer, until the transport is closing.",
	Run: func(x *trace.X) {
		nothing := func() {}
		x.TCP(trace.Hooks{Data: func(p *trace.Stream, _ []byte) {
			fd := p.T.ExtraInfo("socket").(*platform.Socket).FD()
			l := x.Loop
			x.Op("add_reader", nil, func() error { return l.AddReader(fd, nothing) })
			x.Ask("remove_reader", nil, func() (any, error) { return l.RemoveReader(fd) })
			x.Op("add_writer", nil, func() error { return l.AddWriter(fd, nothing) })
			x.Ask("remove_writer", nil, func() (any, error) { return l.RemoveWriter(fd) })
			p.Close()
			x.Ask("remove_reader", trace.Fields{"what": "closing"}, func() (any, error) { return l.RemoveReader(fd) })
		}})
		x.Lost(1)
	},
}}
