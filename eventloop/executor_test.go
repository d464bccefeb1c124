package eventloop_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func executorSpecs(kind string) {
	Describe("RunInExecutor", func() {
		It("runs the function elsewhere and brings its result back to the loop", func(ctx SpecContext) { // O13
			w := newRealWorld(kind)
			var elsewhere, callback error
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) {
				_, elsewhere = eventloop.Running()
				return 42, nil
			})
			f.AddDoneCallback(func(*eventloop.Future[int]) { _, callback = eventloop.Running() })
			Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal(42))
			Expect(elsewhere).To(MatchError(eventloop.ErrNoRunningLoop))
			Expect(callback).NotTo(HaveOccurred())
		}, bounded)

		It("brings back errors, panics and runtime.Goexit", func(ctx SpecContext) { // O13
			w := newRealWorld(kind)
			run := func(fn func() (int, error)) error {
				_, err := eventloop.RunUntilComplete(w.Loop, eventloop.RunInExecutor(w.Loop, fn))
				return err
			}
			Expect(run(func() (int, error) { return 0, errSpec })).To(MatchError(errSpec))
			err := run(func() (int, error) { panic("in the executor") })
			var p *eventloop.PanicError
			Expect(errors.As(err, &p)).To(BeTrue())
			Expect(p.Value).To(Equal("in the executor"))
			Expect(run(func() (int, error) { runtime.Goexit(); return 0, nil })).To(MatchError(eventloop.ErrGoexit))
			Expect(run(func() (int, error) { return 0, nil })).To(Succeed())
		}, bounded)

		It("refuses a nil function", func() {
			w := newWorld(kind)
			f := eventloop.RunInExecutor[int](w.Loop, nil)
			Expect(f.Err()).To(MatchError(ContainSubstring("nil callback given to RunInExecutor")))
		})

		It("does not stop a function whose future is cancelled", func(ctx SpecContext) { // O15
			w := newRealWorld(kind)
			started, release := make(chan bool), make(chan bool)
			var finished atomic.Bool
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) {
				close(started)
				<-release
				finished.Store(true)
				return 1, nil
			})
			<-started
			Expect(f.Cancel()).To(BeTrue())
			Expect(f.Err()).To(MatchError(eventloop.ErrCancelled))
			close(release)
			Expect(eventloop.RunUntilComplete(w.Loop, w.ShutdownDefaultExecutor())).To(Equal(struct{}{}))
			Expect(finished.Load()).To(BeTrue())
			Expect(f.Err()).To(MatchError(eventloop.ErrCancelled))
		}, bounded)

		It("uses the executor that SetDefaultExecutor has set", func(ctx SpecContext) { // O14
			w := newRealWorld(kind)
			e := &inline{}
			w.SetDefaultExecutor(e)
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) { return 1, nil })
			Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal(1))
			Expect(e.executed).To(Equal(1))
			Expect(func() { w.SetDefaultExecutor(nil) }).To(Panic())
			Expect(w.Close()).To(Succeed())
			Expect(e.abandoned).To(BeTrue())
		}, bounded)

		It("fails with the error of an executor that refuses", func() {
			w := newWorld(kind)
			w.SetDefaultExecutor(&inline{refuses: errSpec})
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) { return 1, nil })
			Expect(f.Err()).To(MatchError(errSpec))
		})
	})

	Describe("ShutdownDefaultExecutor", func() {
		It("waits for what was accepted while the loop goes on, then refuses", func(ctx SpecContext) { // O16
			w := newRealWorld(kind)
			release := make(chan bool)
			work := eventloop.RunInExecutor(w.Loop, func() (int, error) { <-release; return 3, nil })
			shut := w.ShutdownDefaultExecutor()
			late := eventloop.RunInExecutor(w.Loop, func() (int, error) { return 0, nil })
			Expect(late.Err()).To(MatchError(eventloop.ErrInvalidState))
			w.CallLater(time.Millisecond, func() { close(release) })
			_, err := eventloop.RunUntilComplete(w.Loop, shut)
			Expect(err).NotTo(HaveOccurred())
			w.once()
			Expect(work.Result()).To(Equal(3))
			again, err := eventloop.RunUntilComplete(w.Loop, w.ShutdownDefaultExecutor())
			Expect(again, err).To(Equal(struct{}{}))
		}, bounded)

		It("is done at once when there is no executor, and leaves others alone", func() { // O16
			w := newWorld(kind)
			Expect(w.ShutdownDefaultExecutor().Done()).To(BeTrue())
			Expect(eventloop.RunInExecutor(w.Loop, func() (int, error) { return 0, nil }).Err()).
				To(MatchError(eventloop.ErrInvalidState))
			other := &eventloop.PoolExecutor{}
			ran := make(chan bool)
			Expect(other.Execute(func() { close(ran) })).To(Succeed())
			Eventually(ran).WithTimeout(patient).Should(BeClosed())
			other.Shutdown()
		})
	})
}

// inline is an executor that runs functions at once.
type inline struct {
	refuses   error
	executed  int
	abandoned bool
}

func (e *inline) Execute(fn func()) error {
	if e.refuses != nil {
		return e.refuses
	}
	e.executed++
	fn()
	return nil
}
func (e *inline) Shutdown() {}
func (e *inline) Abandon()  { e.abandoned = true }

// crowd counts how many functions run at a time.
type crowd struct {
	now, most atomic.Int32
	release   chan struct{}
}

func (c *crowd) join() {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for {
		most := c.most.Load()
		if n <= most || c.most.CompareAndSwap(most, n) {
			break
		}
	}
	<-c.release
}

var _ = Describe("PoolExecutor", func() {
	BeforeEach(guard)

	It("runs as many functions at once as it has workers, and queues the rest", func(ctx SpecContext) {
		e := &eventloop.PoolExecutor{Workers: 3}
		c := &crowd{release: make(chan struct{})}
		for range 50 {
			Expect(e.Execute(c.join)).To(Succeed())
		}
		Eventually(ctx, c.now.Load).Should(BeEquivalentTo(3))
		Consistently(c.now.Load).WithTimeout(20 * time.Millisecond).Should(BeEquivalentTo(3))
		close(c.release)
		e.Shutdown()
		Expect(c.most.Load()).To(BeEquivalentTo(3))
	}, bounded)

	It("has a bounded number of workers by default", func(ctx SpecContext) {
		e := &eventloop.PoolExecutor{}
		c := &crowd{release: make(chan struct{})}
		for range 100 {
			Expect(e.Execute(c.join)).To(Succeed())
		}
		limit := int32(min(32, runtime.GOMAXPROCS(0)+4))
		Eventually(ctx, c.now.Load).Should(Equal(limit))
		close(c.release)
		e.Shutdown()
		Expect(c.most.Load()).To(Equal(limit))
	}, bounded)

	It("goes on after a function that called runtime.Goexit", func(ctx SpecContext) {
		e := &eventloop.PoolExecutor{Workers: 1}
		ran := make(chan bool)
		Expect(e.Execute(runtime.Goexit)).To(Succeed())
		Expect(e.Execute(func() { close(ran) })).To(Succeed())
		Eventually(ctx, ran).Should(BeClosed())
		e.Shutdown()
	}, bounded)

	It("runs everything that it has accepted before Shutdown returns", func() {
		e := &eventloop.PoolExecutor{Workers: 2}
		var mu sync.Mutex
		ran := 0
		for range 200 {
			Expect(e.Execute(func() { mu.Lock(); ran++; mu.Unlock() })).To(Succeed())
		}
		e.Shutdown()
		Expect(ran).To(Equal(200))
		Expect(e.Execute(func() {})).To(MatchError(eventloop.ErrInvalidState))
	})

	It("does not wait when abandoned, and still runs what is queued", func(ctx SpecContext) { // O18
		e := &eventloop.PoolExecutor{Workers: 1}
		release, last := make(chan bool), make(chan bool)
		Expect(e.Execute(func() { <-release })).To(Succeed())
		Expect(e.Execute(func() { close(last) })).To(Succeed())
		e.Abandon()
		Expect(e.Execute(func() {})).To(MatchError(eventloop.ErrInvalidState))
		close(release)
		Eventually(ctx, last).Should(BeClosed())
	}, bounded)

	It("serves Run, which waits for it", func(ctx SpecContext) {
		finished := false
		err := eventloop.Run(ctx, func(_ context.Context, l *eventloop.Loop) error {
			eventloop.RunInExecutor(l, func() (int, error) {
				<-time.After(20 * time.Millisecond)
				finished = true
				return 0, nil
			})
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(finished).To(BeTrue())
	}, bounded)
})
