package transports

import (
	"context"
	"io"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// The input of a handshake that waits for its goroutine (contract N20).
const (
	offloadHigh = 256 << 10
	offloadLow  = 64 << 10
)

// offload runs a handshake on a goroutine of the executor, which may block: in
// callbacks of the configuration, and here, for input.
type offload struct {
	t      *TLS
	cancel context.CancelFunc

	mu     sync.Mutex // guards the rest
	more   sync.Cond
	input  records
	output []byte
	ended  error
	posted bool // moved is
	paused bool // the transport below is
}

func newOffload(t *TLS) *offload {
	o := &offload{t: t}
	o.more.L = &o.mu
	return o
}

func (o *offload) start() {
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(context.Background())
	conn := o.t.conn
	err := o.t.host.Execute(func() {
		err := o.run(ctx, conn.HandshakeContext)
		// On a closed loop nobody waits.
		_ = o.t.host.Post(func() { o.over(err) })
	})
	if err != nil {
		o.cancel()
		o.t.shaken(err)
	}
}

func (o *offload) run(ctx context.Context, handshake func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = future.NewPanicError(v)
		}
	}()
	return handshake(ctx)
}

// over is called on the loop when the goroutine is through.
func (o *offload) over(err error) {
	o.cancel()
	o.moved()
	t := o.t
	o.mu.Lock()
	t.records = o.input
	o.input.in = nil
	ended := o.ended
	o.mu.Unlock()
	t.shaken(err)
	t.records.in = nil
	if err == nil && ended == io.EOF && t.has(opened) {
		t.inputEnd(io.EOF)
	}
}

// moved takes over what the goroutine has written, and lets the transport below
// go on when it has read enough.
func (o *offload) moved() {
	o.mu.Lock()
	out := o.output
	o.output, o.posted = nil, false
	resume := o.paused && len(o.input.in) <= offloadLow
	if resume {
		o.paused = false
	}
	o.mu.Unlock()
	t := o.t
	if len(out) > 0 && !t.has(lostBelow) {
		_, _ = t.below.Write(out)
	}
	if resume {
		t.below.ResumeReading()
	}
}

// report has moved called. The lock is held.
func (o *offload) report() error {
	if o.posted {
		return nil
	}
	o.posted = true
	return o.t.host.Post(o.moved)
}

func (o *offload) feed(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.input.in = append(o.input.in, b...)
	if len(o.input.in) >= offloadHigh && !o.paused {
		o.paused = true
		o.t.below.PauseReading()
	}
	o.more.Signal()
}

func (o *offload) end(err error) {
	o.mu.Lock()
	if o.ended == nil || err != io.EOF {
		o.ended = err
	}
	o.more.Signal()
	o.mu.Unlock()
	if err != io.EOF {
		o.cancel()
	}
}

func (o *offload) read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		if o.ended != nil && o.ended != io.EOF {
			return 0, o.ended
		}
		if n := o.input.take(p); n > 0 {
			if o.paused && len(o.input.in) <= offloadLow {
				_ = o.report()
			}
			return n, nil
		}
		if o.ended != nil {
			return 0, o.ended
		}
		o.more.Wait()
	}
}

func (o *offload) write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil && o.ended != io.EOF {
		return 0, o.ended
	}
	o.output = append(o.output, p...)
	if err := o.report(); err != nil {
		return 0, err
	}
	return len(p), nil
}
