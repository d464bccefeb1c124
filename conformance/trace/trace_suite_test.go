package trace_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

func TestTrace(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance/trace")
}

// A performance is what a run of a scenario has left behind.
type performance struct {
	out, log bytes.Buffer
	err      error
}

// perform runs a scenario with the driver's steps, and closes its loop at the end
// of the spec.
func perform(s trace.Scenario, steps string) *performance {
	GinkgoHelper()
	before := gleak.Goroutines()
	var x *trace.X
	scenario := s.Run
	s.Run = func(given *trace.X) {
		x = given
		scenario(given)
	}
	p := &performance{}
	p.err = trace.Run(s, trace.Config{
		Selector: "select", Events: &p.out, Log: &p.log, Steps: strings.NewReader(steps),
		Env: trace.Env{Watchdog: time.Minute},
	})
	DeferCleanup(func() {
		eventloop.SetPolicy(nil)
		Expect(x.Loop.Close()).To(Succeed())
		Eventually(gleak.Goroutines).ShouldNot(gleak.HaveLeaked(before))
	})
	return p
}

// events returns what a scenario that came to its end has traced before that.
func (p *performance) events() []trace.Fields {
	GinkgoHelper()
	Expect(p.err).NotTo(HaveOccurred())
	objects := lines(&p.out)
	Expect(objects).NotTo(BeEmpty())
	last := len(objects) - 1
	Expect(objects[last]).To(Equal(trace.Fields{"ev": "end"}))
	return objects[:last]
}

// lines parses a trace.
func lines(out *bytes.Buffer) (objects []trace.Fields) {
	GinkgoHelper()
	for line := range bytes.Lines(out.Bytes()) {
		var o trace.Fields
		Expect(json.Unmarshal(line, &o)).To(Succeed(), "%s", line)
		objects = append(objects, o)
	}
	return objects
}

// names picks the names of marks, and the name of every other event.
func names(objects []trace.Fields) (list []any) {
	for _, o := range objects {
		switch {
		case o["ev"] == "mark":
			list = append(list, o["name"])
		case o["ev"] != nil:
			list = append(list, o["ev"])
		}
	}
	return list
}
