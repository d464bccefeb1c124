package memory_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// flusher notes when it is flushed.
type flusher func()

func (f flusher) Flush() { f() }

var _ = Describe("Host", func() {
	var (
		host *memory.Host
		seen []string
	)
	BeforeEach(func() {
		host, _ = memory.NewReadiness()
		seen = nil
	})
	note := func(s string) func() { return func() { seen = append(seen, s) } }

	Describe("Step", func() {
		It("runs what is queued, in order, and what that queues the next time", func() {
			host.CallSoon(func() { note("a")(); host.CallSoon(note("c")) })
			host.CallSoon(note("b"))
			Expect(host.Step()).To(BeTrue())
			Expect(seen).To(Equal([]string{"a", "b"}))
			Expect(host.Step()).To(BeTrue())
			Expect(seen).To(Equal([]string{"a", "b", "c"}))
			Expect(host.Step()).To(BeFalse())
			Expect(host.Iteration()).To(Equal(3))
		})

		It("flushes after every callback, in the order of the requests", func() {
			host.CallSoon(func() {
				host.RequestFlush(flusher(note("flush 1")))
				host.RequestFlush(flusher(note("flush 2")))
				note("a")()
			})
			host.CallSoon(note("b"))
			host.Step()
			Expect(seen).To(Equal([]string{"a", "flush 1", "flush 2", "b"}))
		})

		It("records a panic as a failed callback, flushes, and goes on with the batch", func() {
			host.CallSoon(func() {
				host.RequestFlush(flusher(note("flush")))
				panic("boom")
			})
			host.CallSoon(note("b"))
			host.Step()
			Expect(seen).To(Equal([]string{"flush", "b"}))
			Expect(host.Failures()).To(HaveExactElements(SatisfyAll(
				HaveField("Callback", true), HaveField("Err", MatchError("panic: boom")))))
		})

		It("panics inside a callback", func() {
			host.CallSoon(func() { host.RunUntilIdle() })
			host.Step()
			Expect(host.Failures()).To(HaveExactElements(
				HaveField("Err", MatchError(ContainSubstring("Step inside a callback")))))
		})
	})

	Describe("RunUntilIdle", func() {
		It("gives up on callbacks that never end", func() {
			var again func()
			again = func() { host.CallSoon(again) }
			again()
			Expect(host.RunUntilIdle).To(PanicWith(ContainSubstring("still busy")))
		})
	})

	Describe("CallLater", func() {
		It("runs in order of deadline, ties in order of scheduling, while time is advanced", func() {
			for _, t := range []struct {
				d    time.Duration
				name string
			}{{3, "c"}, {1, "a"}, {3, "d"}, {2, "b"}, {-1, "now"}, {0, "now too"}} {
				host.CallLater(t.d*time.Second, func() {
					seen = append(seen, t.name+" "+host.Now().Format("05"))
				})
			}
			host.RunUntilIdle()
			Expect(seen).To(Equal([]string{"now 00", "now too 00"}))
			host.Advance(2500 * time.Millisecond)
			Expect(seen[2:]).To(Equal([]string{"a 01", "b 02"}))
			host.Advance(time.Second)
			Expect(seen[4:]).To(Equal([]string{"c 03", "d 03"}))
			Expect(host.Timers()).To(BeZero())
		})

		It("does not run what was cancelled, also by an earlier callback of the batch", func() {
			var cancel func()
			host.CallLater(0, func() { cancel() })
			cancel = host.CallLater(0, note("cancelled"))
			host.CallLater(time.Second, note("cancelled"))()
			host.Advance(time.Minute)
			Expect(seen).To(BeEmpty())
		})

		It("runs what a timer schedules on the way", func() {
			host.CallLater(time.Second, func() { host.CallLater(time.Second, note("second")) })
			host.Advance(2 * time.Second)
			Expect(seen).To(Equal([]string{"second"}))
		})
	})

	Describe("Do", func() {
		It("runs its functions as callbacks of one iteration", func() {
			var at []int
			step := func() { at = append(at, host.Iteration()) }
			host.Do(step, step)
			Expect(at).To(Equal([]int{1, 1}))
		})
	})

	Describe("OnLoop", func() {
		It("is false Elsewhere and in what Execute runs, after the batch", func() {
			Expect(host.OnLoop()).To(BeTrue())
			ask := func() { seen = append(seen, map[bool]string{true: "on", false: "off"}[host.OnLoop()]) }
			host.Elsewhere(ask)
			host.CallSoon(func() {
				Expect(host.Execute(ask)).To(Succeed())
				note("callback")()
			})
			host.RunUntilIdle()
			Expect(seen).To(Equal([]string{"off", "callback", "off"}))
		})
	})

	Describe("Post", func() {
		It("may be called by any goroutine", func() {
			done := make(chan error)
			go func() { done <- host.Post(note("posted")) }()
			Expect(<-done).To(Succeed())
			host.RunUntilIdle()
			Expect(seen).To(Equal([]string{"posted"}))
		})
	})

	Describe("Close", func() {
		It("drops what is queued and refuses or ignores the rest", func() {
			host.CallSoon(func() { note("ran")(); host.Close() })
			host.CallSoon(note("dropped"))
			host.CallLater(0, note("dropped"))
			host.RunUntilIdle()
			host.CallSoon(note("dropped"))
			host.CallLater(0, note("dropped"))()
			Expect(host.Post(note("dropped"))).To(MatchError(future.ErrLoopClosed))
			Expect(host.Execute(note("dropped"))).To(MatchError(future.ErrLoopClosed))
			host.Do(note("dropped"))
			host.Advance(time.Minute)
			Expect(seen).To(Equal([]string{"ran"}))
		})
	})
})
