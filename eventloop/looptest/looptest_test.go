package looptest_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/selector"
)

const bounded = SpecTimeout(10 * time.Second)

// newLoop makes a loop for one spec.
func newLoop(kind string, opts *looptest.Options) (*eventloop.Loop, *looptest.Clock) {
	GinkgoHelper()
	running := gleak.Goroutines()
	l, clock, err := looptest.New(kind, opts)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		Expect(l.Close()).To(Succeed())
		Eventually(gleak.Goroutines).WithTimeout(2 * time.Second).ShouldNot(gleak.HaveLeaked(running))
	})
	return l, clock
}

var _ = Describe("Clock", func() {
	It("stands still until it is advanced", func() {
		start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		clock := looptest.NewClock(start, time.Millisecond)
		Expect(clock.Now()).To(Equal(start))
		Expect(clock.Resolution()).To(Equal(time.Millisecond))
		clock.Advance(time.Minute)
		Expect(clock.Now()).To(Equal(start.Add(time.Minute)))
	})

	It("does not go backwards", func() {
		clock := looptest.NewClock(time.Time{}, 0)
		Expect(func() { clock.Advance(-1) }).To(PanicWith(ContainSubstring("backwards")))
		Expect(func() { looptest.NewClock(time.Time{}, -1) }).To(PanicWith(ContainSubstring("negative")))
	})
})

func describeKind(kind string) {
	It("is the real loop of that kind", func() {
		l, clock := newLoop(kind, nil)
		Expect(l.Kind()).To(Equal(kind))
		Expect(l.Now()).To(Equal(clock.Now()))
	})

	It("runs a timer when the clock was advanced far enough, and not before", func() {
		l, clock := newLoop(kind, nil)
		rang := 0
		l.CallLater(time.Hour, func() { rang++ })
		clock.Advance(time.Hour - 1)
		Expect(looptest.RunOnce(l)).To(Succeed())
		Expect(rang).To(Equal(0))
		clock.Advance(1)
		Expect(looptest.RunOnce(l)).To(Succeed())
		Expect(rang).To(Equal(1))
	})

	It("wakes a blocked loop when the clock is advanced", func(ctx SpecContext) {
		l, clock := newLoop(kind, nil)
		l.CallLater(time.Hour, l.Stop)
		over := make(chan error, 1)
		go func() { over <- l.RunForever() }()
		Eventually(ctx, l.IsRunning).Should(BeTrue())
		clock.Advance(time.Hour)
		Eventually(ctx, over).Should(Receive(BeNil()))
	}, bounded)

	It("loses no advance, however it meets the loop's going to sleep", func(ctx SpecContext) {
		l, clock := newLoop(kind, nil)
		const rounds = 300
		ticks, rang := make(chan struct{}, 1), 0
		var again func()
		again = func() {
			if rang++; rang == rounds {
				l.Stop()
			}
			l.CallLater(time.Second, again)
			ticks <- struct{}{}
		}
		l.CallLater(time.Second, again)
		over := make(chan error, 1)
		go func() { over <- l.RunForever() }()
		for range rounds {
			clock.Advance(time.Second)
			Eventually(ctx, ticks).WithPolling(50 * time.Microsecond).Should(Receive())
		}
		Eventually(ctx, over).Should(Receive(BeNil()))
	}, bounded)

	It("still hears of other goroutines while the clock stands", func(ctx SpecContext) {
		l, _ := newLoop(kind, nil)
		l.CallLater(time.Hour, func() {})
		over := make(chan error, 1)
		go func() { over <- l.RunForever() }()
		Eventually(ctx, l.IsRunning).Should(BeTrue())
		Expect(l.Post(l.Stop)).To(Succeed())
		Eventually(ctx, over).Should(Receive(BeNil()))
	}, bounded)

	When("it jumps by itself", func() {
		jumping := &looptest.Options{AutoJump: time.Millisecond}

		It("sleeps for days in a moment, to the nanosecond", func() {
			l, clock := newLoop(kind, jumping)
			start := clock.Now()
			task := eventloop.CreateTask(l, func(ctx context.Context) (time.Time, error) {
				for range 10 {
					if err := eventloop.Sleep(ctx, 24*time.Hour); err != nil {
						return time.Time{}, err
					}
				}
				return l.Now(), nil
			})
			woke, err := eventloop.RunUntilComplete(l, task)
			Expect(err).NotTo(HaveOccurred())
			Expect(woke).To(Equal(start.Add(240 * time.Hour)))
		})

		It("lets what is posted during the grace time go first", func(ctx SpecContext) {
			l, clock := newLoop(kind, &looptest.Options{AutoJump: 5 * time.Second})
			start := clock.Now()
			l.CallLater(time.Hour, func() {})
			over := make(chan error, 1)
			go func() { over <- l.RunForever() }()
			Expect(l.Post(l.Stop)).To(Succeed())
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(clock.Now()).To(Equal(start))
		}, bounded)

		It("leaves the clock alone when there is no timer", func(ctx SpecContext) {
			l, clock := newLoop(kind, jumping)
			start := clock.Now()
			over := make(chan error, 1)
			go func() { over <- l.RunForever() }()
			Consistently(ctx, clock.Now).WithTimeout(20 * time.Millisecond).Should(Equal(start))
			l.Stop()
			Eventually(ctx, over).Should(Receive(BeNil()))
		}, bounded)
	})
}

var _ = Describe("New", func() {
	for _, kind := range looptest.Kinds() {
		Context("on "+kind, func() { describeKind(kind) })
	}

	It("refuses what NewSelectorLoop refuses", func() {
		_, _, err := looptest.New("no such kind", nil)
		Expect(err).To(MatchError(selector.ErrUnknownMechanism))
	})

	It("refuses a configuration that has a clock or a selector already", func() {
		for _, c := range []eventloop.SelectorConfig{
			{Selector: "poll"},
			{Clock: looptest.NewClock(time.Now(), 0)},
		} {
			_, _, err := looptest.New("", &looptest.Options{Config: c})
			Expect(err).To(MatchError(ContainSubstring("of its own")))
		}
	})
})

var _ = Describe("RunOnce", func() {
	It("returns what RunForever returns", func() {
		l, _, err := looptest.New("", nil)
		if errors.Is(err, errors.ErrUnsupported) {
			Expect(selector.Mechanisms()).To(BeEmpty())
			return
		}
		Expect(err).NotTo(HaveOccurred())
		Expect(l.Close()).To(Succeed())
		Expect(looptest.RunOnce(l)).To(MatchError(eventloop.ErrLoopClosed))
	})
})
