package future

import "context"

// A Semaphore is a number of permits. Those who wait get one in the order in
// which they asked, handed over by Release: whoever asks meanwhile stands behind
// them.
//
// Acquire may be called from any goroutine, the other methods belong to the
// loop's: elsewhere it is l.Post(semaphore.Release). Semaphores are made by
// [NewSemaphore] and [NewBoundedSemaphore].
type Semaphore struct {
	sched   Scheduler
	permits int
	bound   int // what permits must not exceed; negative: no bound
	line    line
}

// NewSemaphore returns a semaphore with so many permits, of the loop s. There may
// be none at first. It panics if the number is negative.
func NewSemaphore(s Scheduler, permits int) *Semaphore {
	if permits < 0 {
		panic("future: a semaphore can not have less than no permits")
	}
	return &Semaphore{sched: s, permits: permits, bound: -1}
}

// NewBoundedSemaphore is NewSemaphore whose Release panics where there would be
// more permits than at first: somebody has released what he did not acquire.
func NewBoundedSemaphore(s Scheduler, permits int) *Semaphore {
	m := NewSemaphore(s, permits)
	m.bound = permits
	return m
}

// Acquire waits until the caller has a permit; one that is free it takes without
// looking at ctx. After an error the caller has none; the errors are those of
// [Lock.Acquire].
func (m *Semaphore) Acquire(ctx context.Context) error {
	c, near, err := m.sched.Tasks().waits(ctx)
	switch {
	case err != nil:
		return err
	case !near:
		return m.line.waitBeside(ctx, m.sched, nil, m.dispense)
	case m.TryAcquire():
		return nil
	case c == nil:
		return ErrAwaitOnLoop
	}
	granted, err := m.line.wait(ctx, c)
	if granted && err != nil {
		m.giveBack()
	}
	return err
}

// TryAcquire takes a permit if one is free and reports whether one was.
func (m *Semaphore) TryAcquire() bool {
	if m.permits == 0 {
		return false
	}
	m.permits--
	return true
}

// Release hands a permit to the first that waits for one, or adds it to the free
// ones.
func (m *Semaphore) Release() {
	if m.bound >= 0 && m.permits >= m.bound {
		panic("future: a bounded semaphore was released too often")
	}
	m.giveBack()
}

// Free returns the number of permits that nobody has.
func (m *Semaphore) Free() int { return m.permits }

func (m *Semaphore) giveBack() {
	m.permits++
	m.dispense()
}

func (m *Semaphore) dispense() {
	if m.permits > 0 && m.line.grant(nil) != nil {
		m.permits--
	}
}
