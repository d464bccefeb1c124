package streams

import "time"

// deadline is until when the calls of one direction wait, by the system's clock
// and not the loop's: these are the deadlines of package net. Its gate's lock
// protects it.
type deadline struct {
	gate   *gate
	queues []*queue // who waits for that direction
	at     time.Time
	timer  *time.Timer
	passed bool
}

// set replaces the deadline, also of the calls that wait already. The zero time
// means none.
func (d *deadline) set(at time.Time) {
	d.at, d.passed = at, false
	left := time.Until(at)
	switch {
	case at.IsZero():
		d.stop()
	case left <= 0:
		d.stop()
		d.pass()
	case d.timer == nil:
		d.timer = time.AfterFunc(left, d.fire)
	default:
		d.timer.Reset(left)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) pass() {
	d.passed = true
	for _, q := range d.queues {
		q.wakeAll()
	}
}

// fire is the timer's. It may come for a deadline that was replaced meanwhile.
func (d *deadline) fire() {
	d.gate.mu.Lock()
	defer d.gate.mu.Unlock()
	if d.at.IsZero() || d.passed {
		return
	}
	if left := time.Until(d.at); left > 0 {
		d.timer.Reset(left)
		return
	}
	d.pass()
}
