package eventloop_test

import (
	"context"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
)

func callSoonSpecs(kind string) {
	Describe("a new loop", func() {
		It("is open, does not run, and knows its kind", func() { // B8
			w := newWorld(kind)
			Expect(w.Kind()).To(Equal(kind))
			Expect(w.IsRunning()).To(BeFalse())
			Expect(w.IsClosed()).To(BeFalse())
			Expect(w.AllTasks()).To(BeEmpty())
		})

		It("has the capabilities of its kind on this system", func() {
			w := newWorld(kind)
			Expect(w.Capabilities().Target().Loop).To(Equal(kind))
			Expect(w.Capabilities().Check(platform.CreateServer)).To(Succeed())
		})

		It("takes a selector as it is and closes it with itself", func() { // B16
			guard()
			m := newTap(kind)
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: m})
			Expect(w.Kind()).To(Equal(kind))
			Expect(w.Close()).To(Succeed())
			Expect(m.wait()).NotTo(Succeed())
		})

		It("has a clock that never goes backwards", func() { // A14
			w := newRealWorld(kind)
			last := w.Now()
			for range 1000 {
				now := w.Now()
				Expect(now.Before(last)).To(BeFalse())
				last = now
			}
		})
	})

	Describe("CallSoon", func() {
		It("runs callbacks in the order in which they were scheduled", func() { // A1
			w, t := newWorld(kind), &trace{}
			for _, name := range []string{"a", "b", "c"} {
				w.CallSoon(t.adds(name))
			}
			w.once()
			Expect(t.take()).To(Equal([]string{"a", "b", "c"}))
		})

		It("runs a callback scheduled by a callback in the next iteration", func() { // A2
			w, t := newWorld(kind), &trace{}
			w.CallSoon(func() {
				t.add("outer")
				w.CallSoon(t.adds("inner"))
			})
			w.CallSoon(t.adds("sibling"))
			w.once()
			Expect(t.take()).To(Equal([]string{"outer", "sibling"}))
			w.once()
			Expect(t.take()).To(Equal([]string{"inner"}))
		})

		It("runs each callback exactly once", func() { // A3
			w, runs := newWorld(kind), 0
			w.CallSoon(func() { runs++ })
			for range 3 {
				w.once()
			}
			Expect(runs).To(Equal(1))
		})

		It("keeps thousands in order, while they are run and added to", func() {
			w, t := newWorld(kind), &trace{}
			var want []string
			for i := range 5000 {
				name := strconv.Itoa(i)
				want = append(want, name)
				w.CallSoon(func() {
					t.add(name)
					w.CallSoon(t.adds("again " + name))
				})
			}
			w.once()
			Expect(t.take()).To(Equal(want))
			w.once()
			Expect(t.take()).To(HaveLen(5000))
		})

		It("keeps the order of whatever was scheduled before the loop runs", func() {
			w, t := newWorld(kind), &trace{}
			w.CallSoon(t.adds("first"))
			Expect(w.Post(t.adds("posted"))).To(Succeed())
			w.CallSoon(t.adds("between"))
			_, err := w.CallSoonThreadsafe(t.adds("threadsafe"))
			Expect(err).NotTo(HaveOccurred())
			eventloop.CreateTask(w.Loop, func(context.Context) (int, error) { t.add("task"); return 0, nil })
			w.CallSoon(t.adds("last"))
			w.once()
			Expect(t.take()).To(Equal([]string{"first", "posted", "between", "threadsafe", "task", "last"}))
		})

		It("panics with a sentence for a nil callback", func() {
			w := newWorld(kind)
			nilCallback := PanicWith(MatchError(ContainSubstring("nil callback")))
			Expect(func() { w.CallSoon(nil) }).To(nilCallback)
			Expect(func() { w.CallLater(0, nil) }).To(nilCallback)
			Expect(func() { w.CallAt(time.Now(), nil) }).To(nilCallback)
			w.once()
		})
	})

	Describe("Post", func() {
		It("runs callbacks of the loop's own in order with CallSoon", func() { // A26
			w, t := newWorld(kind), &trace{}
			w.CallSoon(func() {
				w.CallSoon(t.adds("a"))
				_ = w.Post(t.adds("b"))
				_, _ = w.CallSoonThreadsafe(t.adds("c"))
				w.CallSoon(t.adds("d"))
			})
			w.once()
			Expect(t.take()).To(BeEmpty())
			w.once()
			Expect(t.take()).To(Equal([]string{"a", "b", "c", "d"}))
		})

		It("returns an error for a nil callback, as CallSoonThreadsafe does", func() {
			w := newWorld(kind)
			Expect(w.Post(nil)).To(MatchError(ContainSubstring("nil callback")))
			_, err := w.CallSoonThreadsafe(nil)
			Expect(err).To(MatchError(ContainSubstring("nil callback")))
		})
	})
}
