package future

import (
	"context"
	"errors"
)

// ErrBarrierBroken is what waits at a barrier return that is reset or aborted.
var ErrBarrierBroken = errors.New("the barrier is broken")

// A Barrier holds those who come up until there are as many as it was made for,
// lets them go together, and begins anew. Wait may be called from any goroutine,
// the other methods belong to the loop's: elsewhere it is l.Post(barrier.Abort).
// Barriers are made by [NewBarrier].
type Barrier struct {
	sched   Scheduler
	parties int
	broken  bool
	line    line
	index   int // of whom open lets go
}

// NewBarrier returns a barrier for so many parties, of the loop s. It panics if
// the number is not positive.
func NewBarrier(s Scheduler, parties int) *Barrier {
	if parties <= 0 {
		panic("future: a barrier needs at least one party")
	}
	return &Barrier{sched: s, parties: parties}
}

// Wait waits until all parties are here. Each gets another index, from zero to
// one less than their number in the order in which they came, so that one of them
// can do what is to be done once; the last does not suspend.
//
// A wait that ends otherwise is taken out again and the others go on waiting. It
// returns ErrBarrierBroken after Abort, and if Reset is called meanwhile; the
// other errors are those of [Lock.Acquire]. A caller that is cancelled just after
// the barrier opened was counted.
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	c, near, err := b.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return 0, err
	case !near:
		return b.waitBeside(ctx)
	case b.broken:
		return 0, ErrBarrierBroken
	case b.complete(1):
		b.open()
		return b.parties - 1, nil
	case c == nil:
		return 0, ErrAwaitOnLoop
	}
	if _, err := b.line.wait(ctx, c); err != nil {
		return 0, err
	}
	return c.ticket.index, nil
}

// waitBeside is Wait for a goroutine beside the loop. One that leaves while open
// lets the others go was counted, as a task that is cancelled then.
func (b *Barrier) waitBeside(ctx context.Context) (index int, err error) {
	err = b.line.waitBeside(ctx, b.sched, func() { index = b.index }, func() {
		switch {
		case b.broken:
			b.line.grantAll(ErrBarrierBroken)
		case b.complete(0):
			b.open()
		}
	})
	if err != nil {
		return 0, err
	}
	return index, nil
}

// complete reports whether all parties are here together with so many others.
func (b *Barrier) complete(others int) bool {
	return b.line.length+others >= b.parties && b.line.live()+others >= b.parties
}

// open lets everybody go.
func (b *Barrier) open() {
	for b.index = 0; ; b.index++ {
		t := b.line.grant(nil)
		if t == nil {
			return
		}
		t.index = b.index
	}
}

// Reset has those who wait return ErrBarrierBroken and begins anew, also after
// Abort.
func (b *Barrier) Reset() {
	b.broken = false
	b.line.grantAll(ErrBarrierBroken)
}

// Abort breaks the barrier: all waits return ErrBarrierBroken, now and until
// Reset. It is for a party that can not come.
func (b *Barrier) Abort() {
	b.broken = true
	b.line.grantAll(ErrBarrierBroken)
}

// Broken reports whether the barrier was aborted.
func (b *Barrier) Broken() bool { return b.broken }

// Parties returns the number that the barrier was made for.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many wait at the barrier.
func (b *Barrier) Waiting() int { return b.line.live() }
