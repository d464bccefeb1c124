package eventloop_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

func timerSpecs(kind string) {
	Describe("CallLater", func() {
		It("runs its callback when the time has come, and not before", func() { // A8
			w, t := newWorld(kind), &trace{}
			w.CallLater(time.Second, t.adds("rang"))
			w.clock.Advance(time.Second - 1)
			w.once()
			Expect(t.take()).To(BeEmpty())
			w.clock.Advance(1)
			w.once()
			Expect(t.take()).To(Equal([]string{"rang"}))
			w.clock.Advance(time.Hour)
			w.once()
			Expect(t.take()).To(BeEmpty())
		})

		It("runs timers in the order of their deadlines", func() { // A9
			w, t := newWorld(kind), &trace{}
			for _, s := range []int{5, 1, 4, 2, 3} {
				w.CallLater(time.Duration(s)*time.Second, t.adds(strconv.Itoa(s)))
			}
			w.clock.Advance(10 * time.Second)
			w.once()
			Expect(t.take()).To(Equal([]string{"1", "2", "3", "4", "5"}))
		})

		It("runs timers of one deadline in the order in which they were scheduled", func() { // A10
			w, t := newWorld(kind), &trace{}
			var want []string
			for i := range 100 {
				want = append(want, strconv.Itoa(i))
				w.CallLater(time.Second, t.adds(want[i]))
			}
			w.clock.Advance(time.Second)
			w.once()
			Expect(t.take()).To(Equal(want))
		})

		DescribeTable("when the delay is not positive", func(d time.Duration) { // A11
			w, t := newWorld(kind), &trace{}
			w.CallLater(d, t.adds("timer"))
			w.CallSoon(t.adds("queued"))
			w.once()
			Expect(t.take()).To(Equal([]string{"queued", "timer"}))
		},
			Entry("runs behind what is queued, for zero", time.Duration(0)),
			Entry("runs behind what is queued, for a negative one", -time.Second),
			Entry("runs behind what is queued, for the most negative one", time.Duration(math.MinInt64)),
		)

		It("runs a timer set by a timer in a later iteration", func() { // A2
			w, t := newWorld(kind), &trace{}
			w.CallLater(0, func() {
				t.add("first")
				w.CallLater(0, t.adds("second"))
			})
			w.once()
			Expect(t.take()).To(Equal([]string{"first"}))
			w.once()
			Expect(t.take()).To(Equal([]string{"second"}))
		})

		It("takes the longest delay there is, and those behind a day", func() { // A18
			w, t := newWorld(kind), &trace{}
			forever := w.CallLater(math.MaxInt64, t.adds("never"))
			w.CallLater(25*time.Hour, t.adds("tomorrow"))
			w.clock.Advance(25*time.Hour - 1)
			w.once()
			Expect(t.take()).To(BeEmpty())
			w.clock.Advance(1)
			w.once()
			Expect(t.take()).To(Equal([]string{"tomorrow"}))
			Expect(forever.When()).To(BeTemporally(">", w.Now().AddDate(200, 0, 0)))
			Expect(forever.Cancel()).To(BeTrue())
		})

		It("counts a timer within the clock's resolution as due", func() { // A20
			w, t := newFakeWorld(kind, looptest.Options{Resolution: time.Millisecond}), &trace{}
			w.CallLater(10*time.Millisecond, t.adds("rang"))
			w.clock.Advance(9*time.Millisecond - 1)
			w.once()
			Expect(t.take()).To(BeEmpty())
			w.clock.Advance(1)
			w.once()
			Expect(t.take()).To(Equal([]string{"rang"}))
		})
	})

	Describe("CallAt", func() {
		It("goes by the clock that Now shows", func() { // A13
			w, t := newWorld(kind), &trace{}
			at := w.Now().Add(time.Minute)
			h := w.CallAt(at, t.adds("rang"))
			Expect(h.When()).To(BeTemporally("==", at))
			w.clock.Advance(time.Minute)
			Expect(w.Now()).To(BeTemporally("==", at))
			w.once()
			Expect(t.take()).To(Equal([]string{"rang"}))
		})

		It("runs what lies in the past in the next iteration, oldest first", func() {
			w, t := newWorld(kind), &trace{}
			w.CallAt(w.Now().Add(-time.Second), t.adds("second"))
			w.CallAt(time.Time{}, t.adds("first"))
			w.once()
			Expect(t.take()).To(Equal([]string{"first", "second"}))
		})
	})

	Describe("a timer's handle", func() {
		It("tells the deadline", func() { // A7
			w := newWorld(kind)
			h := w.CallLater(time.Second, func() {})
			Expect(h.When()).To(BeTemporally("==", w.Now().Add(time.Second)))
			Expect(h.Cancel()).To(BeTrue())
		})

		It("cancels a timer that is due and queued behind the caller", func() { // A4
			w, t := newWorld(kind), &trace{}
			var last eventloop.TimerHandle
			w.CallLater(1, func() { last.Cancel() })
			w.CallLater(2, t.adds("between"))
			last = w.CallLater(3, t.adds("last"))
			w.clock.Advance(3)
			w.once()
			Expect(t.take()).To(Equal([]string{"between"}))
		})
	})

	Describe("many timers", func() {
		It("keep their order when most of them are cancelled", func() { // A22
			w := newWorld(kind)
			const n = 1000
			var want, got []int
			handles := make([]eventloop.TimerHandle, n)
			order := rand.New(rand.NewPCG(1, 2)).Perm(n)
			for _, i := range order {
				handles[i] = w.CallLater(time.Duration(i), func() { got = append(got, i) })
			}
			for _, i := range order {
				if i%3 == 0 {
					want = append(want, i)
				} else {
					Expect(handles[i].Cancel()).To(BeTrue())
				}
			}
			slices.Sort(want)
			w.clock.Advance(n)
			w.once()
			Expect(got).To(Equal(want))
		})

		It("run a hundred thousand in order", func(ctx SpecContext) {
			w := newWorld(kind)
			const n = 100_000
			got := make([]int, 0, n)
			for _, i := range rand.New(rand.NewPCG(3, 4)).Perm(n) {
				w.CallLater(time.Duration(i), func() { got = append(got, i) })
			}
			w.clock.Advance(n)
			w.once()
			Expect(got).To(HaveLen(n))
			Expect(slices.IsSorted(got)).To(BeTrue())
		}, bounded)
	})
}
