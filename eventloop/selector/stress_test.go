package selector_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

const (
	running uint32 = iota
	parked
	waking
)

// A miniLoop is the least that keeps the other half of the waking protocol: a
// queue with a pending flag, and one timer.
type miniLoop struct {
	s       Selector
	state   atomic.Uint32
	pending atomic.Bool
	mu      sync.Mutex
	queue   []func()

	stopped bool
	err     error
	timers  int
	events  int
}

func (l *miniLoop) post(fn func()) {
	l.mu.Lock()
	l.queue = append(l.queue, fn)
	first := !l.pending.Swap(true)
	l.mu.Unlock()
	if first && l.state.CompareAndSwap(parked, waking) {
		l.s.Wake()
	}
}

func (l *miniLoop) park() bool {
	l.state.Store(parked)
	if l.pending.Load() {
		l.state.Store(running)
		return false
	}
	return true
}

func (l *miniLoop) drain() {
	if !l.pending.Load() {
		return
	}
	l.mu.Lock()
	queue := l.queue
	l.queue = nil
	l.pending.Store(false)
	l.mu.Unlock()
	for _, fn := range queue {
		fn()
	}
}

// run is over when something posted sets stopped. next is asked for the timer
// at the start and whenever it was due.
func (l *miniLoop) run(next func() time.Time, ready func()) {
	until, park := next(), l.park // a method value made once: each one allocates
	for !l.stopped && l.err == nil {
		var events []Event
		events, l.err = l.s.Wait(until, park)
		l.state.Store(running)
		if l.events += len(events); len(events) > 0 {
			ready()
		}
		l.drain()
		if !until.IsZero() && !time.Now().Before(until) {
			l.timers++
			until = next()
		}
	}
}

// A producer posts one call after the other and waits for each, so that most
// meet a loop that is parked, about to park, or just back.
type producer struct{ calls, lost int }

func (p *producer) produce(l *miniLoop, seed uint64, until time.Time, noise func()) {
	random := rand.New(rand.NewPCG(seed, 1))
	ran := make(chan bool, 1)
	alarm := time.NewTimer(patient)
	defer alarm.Stop()
	for time.Now().Before(until) && p.lost == 0 {
		l.post(func() { ran <- true })
		alarm.Reset(patient)
		select {
		case <-ran:
			p.calls++
		case <-alarm.C:
			p.lost++
			l.s.Wake()
		}
		switch x := random.IntN(16); {
		case x < 8:
			for k := random.IntN(300); k > 0; k-- {
				runtime.KeepAlive(k)
			}
		case x < 11:
			runtime.Gosched()
		case x == 11:
			noise()
		}
	}
}

func describeStress(w *world) {
	DescribeTable("four producers and a loop lose no call", Label("stress"),
		func(_ SpecContext, next func() time.Time, atLeast int) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			l := &miniLoop{s: w}
			ended := make(chan bool)
			go func() {
				defer close(ended)
				block := make([]byte, 4096)
				l.run(next, func() { _, _ = read(a.fd, block) })
			}()
			var producers [4]producer
			var all sync.WaitGroup
			until := time.Now().Add(400 * time.Millisecond)
			for i := range producers {
				all.Go(func() {
					producers[i].produce(l, uint64(i), until, func() { _, _ = write(b.fd, []byte("x")) })
				})
			}
			all.Wait()
			l.post(func() { l.stopped = true })
			Eventually(ended).WithTimeout(patient).Should(BeClosed())
			Expect(l.err).NotTo(HaveOccurred())
			total := 0
			for _, p := range producers {
				Expect(p.lost).To(BeZero())
				total += p.calls
			}
			AddReportEntry("calls", total, ReportEntryVisibilityNever)
			Expect(total).To(BeNumerically(">", 100))
			Expect(l.events).To(BeNumerically(">", 0))
			Expect(l.timers).To(BeNumerically(">=", atLeast))
		},
		Entry("without timers", bounded, never, 0),
		Entry("beside timers of 0 to 200 us", bounded, func() time.Time { return time.Now().Add(rand.N(200 * time.Microsecond)) }, 10),
		Entry("beside a timer a day away", bounded, func() time.Time { return time.Now().Add(24 * time.Hour) }, 0),
		Entry("beside a timer a century away", bounded, func() time.Time { return time.Now().AddDate(100, 0, 0) }, 0),
	)
}
