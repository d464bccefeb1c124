package trace

import (
	"bufio"
	"io"
	"strings"

	"github.com/tidemill-go/tidemill/eventloop"
)

// listen hands the driver's lines to the loop. The end of the input means
// nothing, and neither does a line that comes too late for the loop.
func (x *X) listen(steps io.Reader) {
	loop := x.Loop
	go func() {
		for lines := bufio.NewScanner(steps); lines.Scan(); {
			if strings.TrimSpace(lines.Text()) != "step" {
				continue
			}
			if _, err := loop.CallSoonThreadsafe(x.stepped); err != nil {
				return
			}
		}
	}()
}

func (x *X) stepped() {
	x.steps++
	x.Emit("step", Fields{"i": x.steps})
	x.changed()
}

// changed makes Until look again.
func (x *X) changed() {
	if x.change != nil {
		x.change.SetResult(struct{}{})
	}
}

// Until waits for a condition, which is looked at whenever a step has come or a
// callback of a traced protocol is over.
func (x *X) Until(condition func() bool) {
	for !condition() {
		x.change = eventloop.NewFuture[struct{}](x.Loop)
		Must(x.change.Await(x.ctx))
	}
}

// Step waits for the driver's next step. The n-th wait is over once n steps have
// come.
func (x *X) Step() {
	x.waits++
	want := x.waits
	x.Until(func() bool { return x.steps >= want })
}

// Made waits until n connections have been made.
func (x *X) Made(n int) {
	x.Until(func() bool { return x.count(func(p *Stream) bool { return p.T != nil }) >= n })
}

// Lost waits until n connections have ended.
func (x *X) Lost(n int) {
	x.Until(func() bool { return x.count(func(p *Stream) bool { return p.lost }) >= n })
}

func (x *X) count(is func(*Stream) bool) (n int) {
	for _, p := range x.Streams {
		if is(p) {
			n++
		}
	}
	return n
}
