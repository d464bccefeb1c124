package trace_test

import (
	"bytes"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

var _ = Describe("Run", func() {
	It("lets a plain scenario drive a loop, and traces the end", func() {
		p := perform(trace.Scenario{Plain: true, Run: func(x *trace.X) {
			l := x.NewLoop()
			l.CallSoon(x.Marker("a"))
			l.CallSoon(l.Stop)
			Expect(l.RunForever()).To(Succeed())
		}}, "")
		Expect(names(p.events())).To(Equal([]any{"a"}))
	})

	It("runs any other scenario as a task that can wait", func() {
		p := perform(trace.Scenario{Run: func(x *trace.X) {
			x.Loop.CallSoon(x.Marker("first"))
			x.Settle()
			x.Mark("second")
		}}, "")
		Expect(names(p.events())).To(Equal([]any{"first", "second"}))
	})

	It("hands over the driver's steps, and ends the n-th wait with the n-th step", func() {
		p := perform(trace.Scenario{Run: func(x *trace.X) {
			x.Step()
			x.Step()
			x.Mark("after both")
		}}, "step\nsomething else\nstep\n")
		Expect(p.events()).To(Equal([]trace.Fields{
			{"ev": "step", "i": 1.0}, {"ev": "step", "i": 2.0}, {"ev": "mark", "name": "after both"},
		}))
	})

	It("returns the failure of a scenario, whose trace has no end", func() {
		p := perform(trace.Scenario{Run: func(*trace.X) { trace.Boom() }}, "")
		Expect(p.err).To(MatchError(trace.ErrBoom))
		Expect(p.out.String()).To(BeEmpty())
	})

	It("makes all loops of the chosen kind", func() {
		p := perform(trace.Scenario{Plain: true, Run: func(x *trace.X) {
			other := trace.Must(eventloop.New())
			x.Mark(x.NewLoop().Kind())
			x.Mark(other.Kind())
			Expect(other.Close()).To(Succeed())
		}}, "")
		Expect(names(p.events())).To(Equal([]any{"select", "select"}))
	})

	It("traces which fields an exception context has", func() {
		p := perform(trace.Scenario{Run: func(x *trace.X) {
			x.Loop.CallSoon(trace.Boom)
			x.Settle()
			x.Loop.CallExceptionHandler(eventloop.ExceptionContext{
				Message: "m", Task: 1, Future: 2, Transport: 3, Protocol: 4,
			})
		}}, "")
		Expect(p.events()).To(Equal([]trace.Fields{
			{"ev": "exception_handler", "keys": []any{"exception", "handle", "message"}, "exc": "Boom"},
			{"ev": "exception_handler", "keys": []any{"future", "message", "protocol", "task", "transport"}, "exc": nil},
		}))
	})

	DescribeTable("traces what the library logs only if the scenario says so",
		func(logs bool, want []any, written bool) {
			p := perform(trace.Scenario{Logs: logs, Plain: true, Run: func(x *trace.X) {
				x.NewLoop().SetExceptionHandler(nil)
				x.Loop.CallExceptionHandler(eventloop.ExceptionContext{Message: "told"})
			}}, "")
			Expect(names(p.events())).To(Equal(want))
			Expect(strings.Contains(p.log.String(), "told")).To(Equal(written))
		},
		Entry("as an event", true, []any{"log"}, false),
		Entry("as text", false, nil, true),
	)
})

var _ = Describe("Find", func() {
	groups := []trace.Group{
		{Name: "a", Scenarios: []trace.Scenario{{Name: "a_one"}, {Name: "a_two", Logs: true, Doc: "Two."}}},
		{Name: "b", Logs: true, Scenarios: []trace.Scenario{{Name: "b_one"}}},
	}

	DescribeTable("returns a scenario with what its group says of logs",
		func(name string, logs bool) {
			s, found := trace.Find(groups, name)
			Expect(found).To(BeTrue())
			Expect(s.Name).To(Equal(name))
			Expect(s.Logs).To(Equal(logs))
		},
		Entry("neither", "a_one", false),
		Entry("its own", "a_two", true),
		Entry("its group's", "b_one", true),
	)

	It("says when there is none", func() {
		_, found := trace.Find(groups, "c_one")
		Expect(found).To(BeFalse())
	})

	It("knows the scenarios that List shows", func() {
		out := &bytes.Buffer{}
		trace.List(trace.NewTracer(out), groups)
		Expect(lines(out)).To(HaveLen(3))
		Expect(lines(out)).To(ContainElement(trace.Fields{"name": "a_two", "group": "a", "doc": "Two."}))
	})
})
