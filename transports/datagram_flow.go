package transports

import (
	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// SetWriteBufferLimits implements protocols.DatagramTransport.
func (d *Datagram) SetWriteBufferLimits(w protocols.Watermarks) error {
	marks, err := w.Resolve()
	if err != nil {
		return err
	}
	d.offer()
	d.marks = marks
	d.limit()
	return nil
}

// WriteBufferLimits implements protocols.DatagramTransport.
func (d *Datagram) WriteBufferLimits() protocols.Watermarks { return d.marks }

// WriteBufferSize implements protocols.DatagramTransport.
func (d *Datagram) WriteBufferSize() int {
	d.offer()
	return d.size()
}

// limit pauses the writer when the queue is over the high mark.
func (d *Datagram) limit() {
	if d.size() <= d.marks.High || d.is(writerPaused|isLost) {
		return
	}
	if d.offer(); d.size() <= d.marks.High || d.is(isLost) {
		return
	}
	d.state |= writerPaused
	if d.is(controlsFlow) {
		d.callFlow("PauseWriting", protocols.FlowController.PauseWriting)
	}
}

// resumeLater schedules ResumeWriting once the queue is down at the low mark.
func (d *Datagram) resumeLater() {
	if d.is(writerPaused) && !d.is(resumeSoon|isLost) && d.size() <= d.marks.Low {
		d.state |= resumeSoon
		d.host.CallSoon(d.resume)
	}
}

// resume looks again: callbacks that ran meanwhile may have filled the queue.
func (d *Datagram) resume() {
	d.state &^= resumeSoon
	if d.is(writerPaused) && !d.is(isLost) && d.size() <= d.marks.Low {
		d.state &^= writerPaused
		if d.is(controlsFlow) {
			d.callFlow("ResumeWriting", protocols.FlowController.ResumeWriting)
		}
	}
	d.drained()
}

// callFlow survives a panic: the datagram is queued and the endpoint goes on.
func (d *Datagram) callFlow(name string, call func(protocols.FlowController)) {
	defer func() {
		if v := recover(); v != nil {
			d.host.Report(Failure{
				Message: name + " panicked", Err: future.NewPanicError(v), Transport: d, Protocol: d.protocol,
			})
		}
	}()
	call(d.protocol.(protocols.FlowController))
}
