package eventloop_test

import (
	"runtime"
	"time"
	"weak"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// canceller is what all handles have.
type canceller interface {
	Cancel() bool
	Cancelled() bool
}

// schedulers are the ways to get a handle. What they schedule is due at once.
func schedulers() map[string]func(*world, func()) canceller {
	return map[string]func(*world, func()) canceller{
		"CallSoon": func(w *world, fn func()) canceller {
			h := w.CallSoon(fn)
			return &h
		},
		"CallLater": func(w *world, fn func()) canceller {
			h := w.CallLater(0, fn)
			return &h
		},
		"CallAt": func(w *world, fn func()) canceller {
			h := w.CallAt(w.Now(), fn)
			return &h
		},
		"CallSoonThreadsafe": func(w *world, fn func()) canceller {
			h, err := w.CallSoonThreadsafe(fn)
			Expect(err).NotTo(HaveOccurred())
			return &h
		},
	}
}

// forgotten schedules a callback with a large captured value, cancels it, and
// returns a way to see whether the value was collected.
func forgotten(w *world, schedule func(*world, func()) canceller) (canceller, weak.Pointer[[4096]byte]) {
	value := new([4096]byte)
	h := schedule(w, func() { value[0]++ })
	Expect(h.Cancel()).To(BeTrue())
	return h, weak.Make(value)
}

func handleSpecs(kind string) {
	for _, name := range []string{"CallSoon", "CallLater", "CallAt", "CallSoonThreadsafe"} {
		schedule := schedulers()[name]
		Describe("a handle of "+name, func() {
			It("keeps its callback from running when cancelled", func() { // A4
				w, t := newWorld(kind), &trace{}
				h := schedule(w, t.adds("cancelled"))
				schedule(w, t.adds("other"))
				Expect(h.Cancelled()).To(BeFalse())
				Expect(h.Cancel()).To(BeTrue())
				Expect(h.Cancelled()).To(BeTrue())
				w.once()
				Expect(t.take()).To(Equal([]string{"other"}))
			})

			It("can be cancelled by an earlier callback of the same batch", func() { // A4
				w, t := newWorld(kind), &trace{}
				var h canceller
				inTime := false
				schedule(w, func() { inTime = h.Cancel() })
				h = schedule(w, t.adds("cancelled"))
				schedule(w, t.adds("after"))
				w.once()
				Expect(inTime).To(BeTrue())
				Expect(h.Cancelled()).To(BeTrue())
				Expect(t.take()).To(Equal([]string{"after"}))
			})

			It("is cancelled too late once the callback ran, which is no error", func() { // A5 A23
				w, t := newWorld(kind), &trace{}
				h := schedule(w, t.adds("ran"))
				w.once()
				Expect(h.Cancel()).To(BeFalse())
				Expect(h.Cancelled()).To(BeTrue())
				Expect(h.Cancel()).To(BeFalse())
				Expect(t.take()).To(Equal([]string{"ran"}))
			})

			It("is cancelled too late by its own callback", func() {
				w, inTime := newWorld(kind), true
				var h canceller
				h = schedule(w, func() { inTime = h.Cancel() })
				w.once()
				Expect(inTime).To(BeFalse())
			})

			It("is cancelled in time only once", func() { // A5
				w := newWorld(kind)
				h := schedule(w, func() {})
				Expect(h.Cancel()).To(BeTrue())
				Expect(h.Cancel()).To(BeFalse())
				w.once()
				Expect(h.Cancel()).To(BeFalse())
				Expect(h.Cancelled()).To(BeTrue())
			})

			It("lets go of its callback at once when cancelled", func() { // A6
				w := newWorld(kind)
				h, value := forgotten(w, schedule)
				runtime.GC()
				Expect(value.Value()).To(BeNil())
				w.once()
				runtime.KeepAlive(h)
			})

			It("never cancels somebody else, however old it is", func() {
				w, t := newWorld(kind), &trace{}
				old := schedule(w, t.adds("old"))
				w.once()
				schedule(w, t.adds("new"))
				Expect(old.Cancel()).To(BeFalse())
				w.once()
				Expect(t.take()).To(Equal([]string{"old", "new"}))
			})

			It("cancels nothing after the loop was closed", func() {
				w := newWorld(kind)
				h := schedule(w, func() {})
				Expect(w.Close()).To(Succeed())
				Expect(func() { h.Cancel() }).NotTo(Panic())
				Expect(h.Cancelled()).To(BeTrue())
			})
		})
	}

	Describe("a copy of a handle", func() {
		It("knows of the cancellation as long as the callback is queued", func() {
			w := newWorld(kind)
			h := w.CallSoon(func() {})
			c := h
			h.Cancel()
			Expect(c.Cancelled()).To(BeTrue())
			Expect(c.Cancel()).To(BeFalse())
			w.once()
			Expect(c.Cancel()).To(BeFalse())
		})
	})

	Describe("a zero handle", func() {
		It("stands for nothing and cancels nothing", func() {
			var h eventloop.Handle
			var timer eventloop.TimerHandle
			Expect(h.Cancel()).To(BeFalse())
			Expect(h.Cancelled()).To(BeFalse())
			Expect(timer.Cancel()).To(BeFalse())
			Expect(timer.Cancelled()).To(BeFalse())
			Expect(timer.When()).To(Equal(time.Time{}))
		})
	})
}
