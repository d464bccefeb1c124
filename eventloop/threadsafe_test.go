package eventloop_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func threadsafeSpecs(kind string) {
	Describe("CallSoonThreadsafe", func() {
		It("wakes a loop that is blocked", func(ctx SpecContext) { // A24
			w := newRealWorld(kind)
			w.background()
			ran := make(chan bool, 1)
			for range 50 {
				_, err := w.CallSoonThreadsafe(func() { ran <- true })
				Expect(err).NotTo(HaveOccurred())
				Eventually(ctx, ran).WithPolling(time.Millisecond).Should(Receive())
			}
		}, bounded)

		It("keeps the order of the calls of each goroutine", func(ctx SpecContext) { // A25
			w := newRealWorld(kind)
			const producers, calls = 4, 2000
			halt := w.background()
			var got [producers][]int
			var done sync.WaitGroup
			var refused atomic.Int32
			for p := range producers {
				done.Go(func() {
					for i := range calls {
						if _, err := w.CallSoonThreadsafe(func() { got[p] = append(got[p], i) }); err != nil {
							refused.Add(1)
						}
					}
				})
			}
			done.Wait()
			w.on(ctx, func() {})
			halt()
			Expect(refused.Load()).To(BeZero())
			for p := range producers {
				Expect(got[p]).To(HaveLen(calls))
				for i, n := range got[p] {
					Expect(n).To(Equal(i))
				}
			}
		}, bounded)

		It("keeps what is scheduled before the loop runs", func() {
			w, t := newWorld(kind), &trace{}
			over := make(chan error)
			go func() {
				_, err := w.CallSoonThreadsafe(t.adds("waiting"))
				over <- err
			}()
			Expect(<-over).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"waiting"}))
		})

		It("gives a handle that any goroutine may cancel", func(ctx SpecContext) {
			w, ran := newRealWorld(kind), 0
			halt := w.background()
			cancelled := 0
			for range 500 {
				h, err := w.CallSoonThreadsafe(func() { ran++ })
				Expect(err).NotTo(HaveOccurred())
				if h.Cancel() {
					cancelled++
				}
			}
			w.on(ctx, func() {})
			halt()
			Expect(ran + cancelled).To(Equal(500))
		}, bounded)

		It("returns ErrLoopClosed once the loop is closed, as Post does", func() { // A45
			w := newWorld(kind)
			Expect(w.Close()).To(Succeed())
			_, err := w.CallSoonThreadsafe(func() {})
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.Post(func() {})).To(MatchError(eventloop.ErrLoopClosed))
		})

		It("either runs, is dropped or reports a closed loop when it races with Close", func() { // A27
			for range 30 {
				w := newRealWorld(kind)
				halt := w.background()
				unexpected := make(chan error, 8)
				var producers sync.WaitGroup
				for range 2 {
					producers.Go(func() { unexpected <- postUntilClosed(w.Loop) })
				}
				halt()
				Expect(w.Close()).To(Succeed())
				producers.Wait()
				for range 2 {
					Expect(<-unexpected).To(MatchError(eventloop.ErrLoopClosed))
				}
			}
		})
	})

	Describe("waking", func() {
		It("loses no call, whatever the loop is doing at the time", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			const rounds = 3000
			echo := make(chan int)
			go func() {
				for i := range rounds {
					_ = w.Post(func() { echo <- i })
				}
			}()
			for i := range rounds {
				select {
				case got := <-echo:
					Expect(got).To(Equal(i))
				case <-ctx.Done():
					Fail(fmt.Sprintf("call %d was lost", i))
				}
			}
		}, bounded)

		DescribeTable("hears of what happens just before it sleeps", func(ctx SpecContext, happens func(*world)) {
			guard()
			t, d := newTap(kind), &drowsy{}
			t.around = d.fallAsleep
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: t})
			d.before = func() { elsewhere(func() { happens(w) }) }
			Expect(w.run(ctx)).To(Succeed())
		},
			Entry("a call", func(w *world) { _ = w.Post(w.Stop) }, bounded),
			Entry("a call with a handle", func(w *world) { _, _ = w.CallSoonThreadsafe(w.Stop) }, bounded),
			Entry("a Stop", func(w *world) { w.Stop() }, bounded),
		)

		DescribeTable("hears of what happens just after it has agreed to sleep", func(ctx SpecContext, happens func(*world)) {
			guard()
			t, d := newTap(kind), &drowsy{}
			t.around = d.fallAsleep
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: t})
			d.after = func() { elsewhere(func() { happens(w) }) }
			Expect(w.run(ctx)).To(Succeed())
		},
			Entry("a call", func(w *world) { _ = w.Post(w.Stop) }, bounded),
			Entry("a call with a handle", func(w *world) { _, _ = w.CallSoonThreadsafe(w.Stop) }, bounded),
			Entry("a Stop", func(w *world) { w.Stop() }, bounded),
		)
	})
}

// drowsy makes things happen once while the loop falls asleep.
type drowsy struct {
	before, after func()
	inner         func(until time.Time, park func() bool, wait waiting) error
}

func (d *drowsy) fallAsleep(until time.Time, park func() bool, wait waiting) error {
	if d.inner != nil {
		inner := wait
		wait = func(until time.Time, park func() bool) error { return d.inner(until, park, inner) }
	}
	if park == nil {
		return wait(until, nil)
	}
	return wait(until, func() bool {
		once(&d.before)
		sleeps := park()
		if sleeps {
			once(&d.after)
		}
		return sleeps
	})
}

// once calls a function that is there, and takes it away.
func once(fn *func()) {
	if call := *fn; call != nil {
		*fn = nil
		call()
	}
}

// postUntilClosed posts until it gets an error, and returns that.
func postUntilClosed(l *eventloop.Loop) error {
	for {
		if _, err := l.CallSoonThreadsafe(func() {}); err != nil {
			return err
		}
		if err := l.Post(func() {}); err != nil {
			return err
		}
	}
}
