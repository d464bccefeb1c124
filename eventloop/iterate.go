package eventloop

import (
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// iterate is one iteration, in the steps that the package documentation numbers.
func (l *Loop) iterate() error {
	l.flush() // of a callback that ended its goroutine, or of set-up code
	l.mailbox.drain(l.pushPosted)
	if err := l.waitForIO(); err != nil {
		return err
	}
	l.mailbox.drain(l.pushPosted)
	l.queueDueTimers()
	l.runBatch(l.ready.len())
	return nil
}

func (l *Loop) pushPosted(p posted) {
	if p.call != nil {
		l.ready.push(entry{src: p.call})
		return
	}
	l.ready.push(entry{fn: p.fn})
}

// waitForIO is steps 1 and 2.
func (l *Loop) waitForIO() error {
	park := l.mailbox.mayPark
	var until time.Time
	if l.ready.len() > 0 || l.mailbox.stopping.Load() {
		park = nil
	} else if when, ok := l.timers.next(); ok {
		until = l.base.Add(time.Duration(when))
	}
	err := l.driver.wait(until, park)
	l.mailbox.state.Store(running)
	return err
}

// queueDueTimers is step 3.
func (l *Loop) queueDueTimers() {
	when, ok := l.timers.next()
	if !ok {
		return
	}
	due := int64(l.clock.Now().Sub(l.base) + l.clock.Resolution())
	for ; ok && when <= due; when, ok = l.timers.next() {
		slot, fn := l.timers.due()
		l.timers.slots[slot].position = l.ready.push(entry{fn: fn, timer: slot + 1})
	}
}

// runBatch is step 4.
func (l *Loop) runBatch(n int) {
	for n > 0 {
		n = l.runSome(n)
		l.flush() // of the callback that panicked
	}
}

// runSome runs callbacks until one panics and returns how many are left. It is
// the one place that runs callbacks. One deferred call serves a whole batch; a
// runtime.Goexit passes through it, and the rest of the batch stays queued.
func (l *Loop) runSome(n int) (left int) {
	defer func() {
		if v := recover(); v != nil {
			l.callbackPanicked(future.NewPanicError(v))
		}
	}()
	for left = n; left > 0; {
		left--
		l.current = l.ready.pop()
		if l.current.timer != 0 {
			l.timers.release(l.current.timer - 1)
		}
		if l.debug.Load() {
			l.runTimed()
		} else {
			l.run()
		}
		if len(l.flushes) > 0 {
			l.flush()
		}
	}
	l.current = entry{}
	return left
}

func (l *Loop) run() {
	switch e := &l.current; {
	case e.fn != nil:
		e.fn()
	case e.src != nil:
		e.src.dispatch(e.tag, e.bits)
	}
}

// flush lets out what the callback has written, in order of first write.
func (l *Loop) flush() {
	for i := 0; i < len(l.flushes); i++ {
		f := l.flushes[i]
		l.flushes[i] = nil
		f.Flush()
	}
	l.flushes = l.flushes[:0]
}
