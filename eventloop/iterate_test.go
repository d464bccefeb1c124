package eventloop_test

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

var errSelector = errors.New("the mechanism broke")

// eventOrderSpecs use readers to see when events come.
func eventOrderSpecs(kind string) {
	Describe("one iteration", func() {
		It("runs what was queued, then what is ready, then what is due", func() { // A15
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			w.CallLater(0, t.adds("timer"))
			Expect(w.AddReader(r.Fd(), t.adds("io"))).To(Succeed())
			w.CallSoon(t.adds("queued"))
			w.once()
			Expect(t.take()).To(Equal([]string{"queued", "io", "timer"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("looks for events before it runs what a callback has scheduled", func() { // A2
			w, t := newWorld(kind), &trace{}
			r, out := newPipe()
			Expect(w.AddReader(r.Fd(), t.adds("io"))).To(Succeed())
			w.CallSoon(func() {
				_, _ = out.Write([]byte("x"))
				w.CallSoon(t.adds("scheduled"))
			})
			w.once()
			Expect(t.take()).To(BeEmpty())
			w.once()
			Expect(t.take()).To(Equal([]string{"scheduled", "io"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("does not starve descriptors and timers while callbacks schedule callbacks", func(ctx SpecContext) {
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			var again func()
			again = func() { w.CallSoon(again) }
			again()
			w.CallLater(0, t.adds("timer"))
			Expect(w.AddReader(r.Fd(), func() {
				t.add("io")
				_, _ = w.RemoveReader(r.Fd())
				w.CallSoon(w.Stop)
			})).To(Succeed())
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(ConsistOf("timer", "io"))
		}, bounded)
	})
}

func iterationSpecs(kind string) {
	Describe("one iteration", func() {
		It("ends RunForever with the error of a selector that fails, and may be tried again", func() {
			guard()
			m, fails := newTap(kind), true
			m.around = func(until time.Time, park func() bool, wait waiting) error {
				if fails {
					return errSelector
				}
				return wait(until, park)
			}
			w, t := newConfiguredWorld(eventloop.SelectorConfig{Selector: m}), &trace{}
			w.CallSoon(t.adds("kept"))
			Expect(w.RunForever()).To(MatchError(errSelector))
			Expect(w.IsRunning()).To(BeFalse())
			Expect(t.take()).To(BeEmpty())
			fails = false
			w.once()
			Expect(t.take()).To(Equal([]string{"kept"}))
		})
	})
}
