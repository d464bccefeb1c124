package eventloop_test

import (
	"math"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// observed notes how a mechanism is asked to wait.
type observed struct{ waits []wait }

type wait struct {
	until  time.Time
	blocks bool
}

func (o *observed) note(until time.Time, park func() bool, wait waiting) error {
	o.waits = append(o.waits, waitFor(until, park))
	return wait(until, park)
}

func waitFor(until time.Time, park func() bool) wait { return wait{until, park != nil} }

// newObservedWorld makes a loop with the system's clock and an observed mechanism.
func newObservedWorld(kind string) (*world, *observed) {
	GinkgoHelper()
	guard()
	t, o := newTap(kind), &observed{}
	t.around = o.note
	return newConfiguredWorld(eventloop.SelectorConfig{Selector: t}), o
}

func timerWaitSpecs(kind string) {
	Describe("the wait for events", func() {
		It("lasts until the first timer", func(ctx SpecContext) { // A17
			w, sel := newObservedWorld(kind)
			late := w.CallLater(time.Hour, func() {})
			first := w.CallLater(10*time.Millisecond, w.Stop)
			Expect(w.run(ctx)).To(Succeed())
			Expect(sel.waits[0].blocks).To(BeTrue())
			Expect(sel.waits[0].until).To(BeTemporally("==", first.When()))
			Expect(late.Cancel()).To(BeTrue())
		}, bounded)

		It("is without limit when there is no timer", func(ctx SpecContext) { // A17
			guard()
			t, o := newTap(kind), &observed{}
			d := &drowsy{inner: o.note}
			t.around = d.fallAsleep
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: t})
			d.after = func() { elsewhere(w.Stop) } // so that it has slept
			Expect(w.run(ctx)).To(Succeed())
			Expect(o.waits[0]).To(Equal(wait{time.Time{}, true}))
		}, bounded)

		It("does not block when something is queued or Stop was called", func() { // A17
			w, sel := newObservedWorld(kind)
			w.CallSoon(w.Stop)
			Expect(w.RunForever()).To(Succeed())
			Expect(sel.waits).To(HaveLen(1))
			w.Stop()
			Expect(w.RunForever()).To(Succeed())
			Expect(sel.waits).To(HaveLen(2))
			for _, one := range sel.waits {
				Expect(one.blocks).To(BeFalse())
			}
		})

		It("is not ended by a timer that was cancelled", func(ctx SpecContext) { // A21
			w, sel := newObservedWorld(kind)
			gone := w.CallLater(time.Millisecond, func() {})
			w.CallLater(30*time.Millisecond, w.Stop)
			Expect(gone.Cancel()).To(BeTrue())
			Expect(w.run(ctx)).To(Succeed())
			for _, one := range sel.waits {
				Expect(one.until).NotTo(BeTemporally("<=", gone.When()))
			}
		}, bounded)

		It("does not spin before a short timer", func(ctx SpecContext) { // A19
			w, sel := newObservedWorld(kind)
			began := time.Now()
			rings := 0
			var again func()
			again = func() {
				if rings++; rings == 20 {
					w.Stop()
					return
				}
				w.CallLater(1500*time.Microsecond, again)
			}
			w.CallSoon(again)
			Expect(w.run(ctx)).To(Succeed())
			Expect(time.Since(began)).To(BeNumerically(">=", 19*(1500*time.Microsecond-2*time.Millisecond/10)))
			Expect(len(sel.waits)).To(BeNumerically("<=", 3*20), "waits for 20 timers")
		}, bounded)

		It("never ends a timer's delay early", func(ctx SpecContext) { // A8
			w := newRealWorld(kind)
			early := 0
			var set func(left int)
			set = func(left int) {
				if left == 0 {
					w.Stop()
					return
				}
				d := time.Duration(left) * 300 * time.Microsecond
				began := time.Now()
				w.CallLater(d, func() {
					if time.Since(began) < d-time.Millisecond {
						early++
					}
					set(left - 1)
				})
			}
			w.CallSoon(func() { set(15) })
			Expect(w.run(ctx)).To(Succeed())
			Expect(early).To(BeZero())
		}, bounded)

		It("goes on past timers that are centuries away", func(ctx SpecContext) { // A18
			w := newRealWorld(kind)
			never := w.CallLater(math.MaxInt64, func() {})
			w.background()
			w.on(ctx, func() {})
			w.on(ctx, func() { never.Cancel() })
		}, bounded)
	})

	Describe("Spin", func() {
		It("looks that many times more before it sleeps", func(ctx SpecContext) {
			guard()
			if isProactor(kind) {
				w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Spin: 7})
				Expect(w.Kind()).To(Equal(kind), "it is for selectors, and nothing to a proactor")
				return
			}
			t, o := newTap(kind), &observed{}
			t.around = o.note
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: t, Spin: 7})
			w.CallLater(20*time.Millisecond, w.Stop)
			Expect(w.run(ctx)).To(Succeed())
			Expect(o.waits).To(HaveLen(8*(len(o.waits)/8)), "seven looks and one sleep, each time")
			for i, one := range o.waits {
				Expect(one.blocks).To(Equal(i%8 == 7))
			}
		}, bounded)
	})
}
