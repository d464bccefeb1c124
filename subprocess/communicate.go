package subprocess

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// Communicate implements protocols.SubprocessTransport. It returns
// errors.ErrUnsupported for a child with a PTY, whose input has no end to send;
// ErrInvalidState while another Communicate is at work; os.ErrInvalid for input
// without a pipe to send it through; ErrAwaitOnLoop, having done nothing, in a
// callback of the loop; ErrLoopClosed; and the error of a pipe that could not be
// read to its end. An output that is no pipe is nil.
func (t *Transport) Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	tasks := t.host.Scheduler().Tasks()
	switch {
	case t.terminal != nil:
		return nil, nil, fmt.Errorf("%w: Communicate with a child on a PTY", errors.ErrUnsupported)
	case ctx.Err() != nil:
		return nil, nil, context.Cause(ctx)
	case tasks.OnLoop() && tasks.Current() == nil:
		return nil, nil, future.ErrAwaitOnLoop
	}
	c := new(collector)
	f := submit(t.host, func(f *future.Future[struct{}]) { t.collect(c, f, input) })
	_, err = f.Await(ctx)
	if err != nil {
		_ = t.host.Post(func() { f.Cancel() }) // Await has done so, unless it could not wait
	}
	stdout, stderr = c.finish()
	return stdout, stderr, err
}

// collector gathers what a child says. It is filled on the loop's goroutine and
// emptied by whoever waits, who may be told of the end of its context before the
// loop is.
type collector struct {
	done *future.Future[struct{}]
	err  error

	mu   sync.Mutex
	over bool
	out  [3][]byte
}

// take adds data and reports whether anybody still wants it. Also of no data an
// output is not nil.
func (c *collector) take(fd int, data []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		if c.out[fd] == nil {
			c.out[fd] = []byte{}
		}
		c.out[fd] = append(c.out[fd], data...)
	}
	return !c.over
}

// finish closes the collector and returns what is in it.
func (c *collector) finish() (stdout, stderr []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	return c.out[1], c.out[2]
}

// fail keeps the first error of an output.
func (c *collector) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// collect begins a Communicate.
func (t *Transport) collect(c *collector, f *future.Future[struct{}], input []byte) {
	switch {
	case t.collector != nil:
		f.SetError(fmt.Errorf("%w: Communicate while another one is at work", future.ErrInvalidState))
		return
	case len(input) > 0 && t.ends[0] == nil:
		f.SetError(invalid("input for a child whose standard input is no pipe"))
		return
	}
	c.done, t.collector = f, c
	f.OnCancel(func() { t.stopCollecting(c) })
	for _, e := range t.ends[1:] {
		if e != nil {
			e.collect(c)
		}
	}
	if in := t.ends[0]; in != nil {
		_, _ = in.transport.Write(input) // refused if the child does not listen any more
		_ = in.transport.Close()
	}
	t.collected()
}

func (e *end) collect(c *collector) {
	if c.take(e.fd, e.late) {
		e.late = nil
	}
	if !e.gone && !e.transport.IsReading() {
		e.rested = true
		e.transport.ResumeReading()
	}
}

// collected ends a Communicate when the child and its outputs have ended. The
// input does not count: a grandchild may hold it and never read.
func (t *Transport) collected() {
	c := t.collector
	if c == nil || !t.is(hasExited) {
		return
	}
	for _, e := range t.ends[1:] {
		if e != nil && !e.gone {
			return
		}
	}
	t.collector = nil
	if c.err != nil {
		c.done.SetError(c.err)
		return
	}
	c.done.SetResult(struct{}{})
}

// stopCollecting gives up, and leaves the outputs as they were found.
func (t *Transport) stopCollecting(c *collector) {
	if t.collector != c {
		return
	}
	t.collector = nil
	for _, e := range t.ends[1:] {
		if e != nil && e.rested {
			e.rested = false
			e.transport.PauseReading()
		}
	}
}
