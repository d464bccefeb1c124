package selector_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

// never is the time that Wait takes for none.
func never() time.Time { return time.Time{} }

func describeWait(w *world) {
	Describe("Wait", func() {
		It("returns at once without park, ready or not", bounded, func(SpecContext) {
			start := time.Now()
			events, err := w.Wait(time.Now().Add(time.Hour), nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(events).To(BeEmpty())
			Expect(time.Since(start)).To(BeNumerically("<", patient))
		})

		It("does not call park when something is ready", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			b.write("x")
			Eventually(w.now).WithTimeout(patient).Should(only(7, Readable))
			parked := 0
			events, err := w.Wait(never(), func() bool { parked++; return true })
			Expect(err).NotTo(HaveOccurred())
			Expect(events).To(only(7, Readable))
			Expect(parked).To(BeZero())
		})

		It("calls park once and does not block when it says no", bounded, func(SpecContext) {
			parked := 0
			events, err := w.Wait(never(), func() bool { parked++; return false })
			Expect(err).NotTo(HaveOccurred())
			Expect(events).To(BeEmpty())
			Expect(parked).To(Equal(1))
		})

		It("does not block when the time has come", bounded, func(SpecContext) {
			start := time.Now()
			for _, until := range []time.Time{start, start.Add(-time.Hour), time.Unix(0, 0)} {
				events, err := w.Wait(until, stay)
				Expect(err).NotTo(HaveOccurred())
				Expect(events).To(BeEmpty())
			}
			Expect(time.Since(start)).To(BeNumerically("<", patient))
		})

		DescribeTable("keeps the time, without spinning and not a moment early",
			func(_ SpecContext, d time.Duration) {
				for range 5 {
					w.expectSleep(time.Now().Add(d))
				}
			},
			Entry("100 us", bounded, 100*time.Microsecond),
			Entry("900 us", bounded, 900*time.Microsecond),
			Entry("1.7 ms", bounded, 1700*time.Microsecond),
			Entry("5 ms", bounded, 5*time.Millisecond),
			Entry("20.5 ms", bounded, 20500*time.Microsecond),
		)

		It("keeps a time that is nearer than the one before, and one that is further", bounded, func(SpecContext) {
			no := func() bool { return false }
			_, err := w.Wait(time.Now().Add(time.Hour), no)
			Expect(err).NotTo(HaveOccurred())
			w.expectQuiet()
			_, err = w.Wait(time.Now().Add(time.Millisecond), no)
			Expect(err).NotTo(HaveOccurred())
			w.expectQuiet()
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			b.write("x")
			Expect(w.next()).To(only(7, Readable))
		})

		It("is ended by an event, whether the time is near, a century away or never", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			for _, until := range []time.Time{
				time.Now().Add(patient), time.Now().AddDate(100, 0, 0), time.Now().AddDate(5000, 0, 0), never(),
			} {
				events := w.waitFor(until, func() { _, _ = write(b.fd, []byte("x")) })
				Expect(events).To(only(7, Readable))
				a.empty()
			}
		})

		It("allocates nothing", bounded, func(SpecContext) {
			wakeAtOnce := func() bool { w.Wake(); return true }
			far := time.Now().Add(time.Hour)
			a, b := newPair()
			b.write("x")
			Expect(testing.AllocsPerRun(100, func() { _, _ = w.Wait(far, wakeAtOnce) })).To(BeZero())
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			Expect(testing.AllocsPerRun(100, func() { _, _ = w.Wait(never(), nil) })).To(BeZero())
		})
	})
}

// expectSleep waits for a time, with nothing to report until then. A few Waits may
// return early; more is spinning.
func (w *world) expectSleep(until time.Time) {
	GinkgoHelper()
	calls := 0
	for time.Now().Before(until) {
		events, err := w.Wait(until, stay)
		Expect(err).NotTo(HaveOccurred())
		Expect(events).To(BeEmpty())
		calls++
	}
	Expect(calls).To(BeNumerically("<=", 5))
	Expect(time.Since(until)).To(BeNumerically("<", patient))
}

// waitFor waits until something is reported; act is called on a goroutine of its
// own once Wait has called park.
func (w *world) waitFor(until time.Time, act func()) []Event {
	GinkgoHelper()
	parked, done := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(done)
		if <-parked {
			act()
		}
	}()
	defer func() { <-done }()
	defer close(parked)
	told := false
	park := func() bool {
		if !told {
			parked <- true
			told = true
		}
		return true
	}
	for {
		events, err := w.Wait(until, park)
		Expect(err).NotTo(HaveOccurred())
		if len(events) > 0 {
			return slices.Clone(events)
		}
	}
}
