package selector_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

func describeWake(w *world) {
	Describe("Wake", func() {
		It("is not lost when it comes as soon as park was called", bounded, func(SpecContext) {
			for _, until := range []time.Time{never(), time.Now().Add(time.Hour), time.Now().AddDate(100, 0, 0)} {
				for range 50 {
					events, err := w.Wait(until, func() bool { w.Wake(); return true })
					Expect(err).NotTo(HaveOccurred())
					Expect(events).To(BeEmpty())
				}
			}
		})

		It("ends a Wait that is blocked, from another goroutine", bounded, func(SpecContext) {
			for range 50 {
				parked, done := make(chan bool), make(chan bool)
				go func() {
					defer close(done)
					<-parked
					w.Wake()
				}()
				events, err := w.Wait(never(), func() bool { close(parked); return true })
				Expect(err).NotTo(HaveOccurred())
				Expect(events).To(BeEmpty())
				<-done
			}
		})

		It("is harmless before park: one Wait may return early, the next keeps the time", bounded, func(SpecContext) {
			for range 3 {
				w.Wake()
			}
			w.expectSleep(time.Now().Add(20 * time.Millisecond))
		})

		It("is over with the Wait that it ended: the next one sleeps", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			for _, until := range []time.Time{never(), time.Now().Add(time.Hour), never()} {
				_, err := w.Wait(until, func() bool { w.Wake(); return true })
				Expect(err).NotTo(HaveOccurred())
				calls, written := 0, make(chan bool)
				time.AfterFunc(20*time.Millisecond, func() {
					_, _ = write(b.fd, []byte("x"))
					close(written)
				})
				for len(w.now()) == 0 {
					_, err := w.Wait(until, stay)
					Expect(err).NotTo(HaveOccurred())
					calls++
				}
				<-written
				a.empty()
				Expect(calls).To(BeNumerically("<=", 5))
			}
		})

		It("leaves the events that came with it", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			_, err := w.Wait(never(), func() bool {
				_, _ = write(b.fd, []byte("x"))
				w.Wake()
				return true
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(w.next()).To(only(7, Readable))
		})

		It("takes any number of calls without a Wait between", bounded, func(SpecContext) {
			for range 100_000 {
				w.Wake()
			}
			w.expectSleep(time.Now().Add(20 * time.Millisecond))
			events, err := w.Wait(never(), func() bool { w.Wake(); return true })
			Expect(err).NotTo(HaveOccurred())
			Expect(events).To(BeEmpty())
		})

		It("is harmless after Close", bounded, func(SpecContext) {
			Expect(w.Close()).To(Succeed())
			w.Wake()
		})
	})
}

func describeClose(w *world, m Mechanism) {
	Describe("Close", func() {
		It("can be repeated", bounded, func(SpecContext) {
			Expect(w.Close()).To(Succeed())
			Expect(w.Close()).To(Succeed())
		})

		It("closes the selector's own descriptors and nobody else's", bounded, func(SpecContext) {
			a, b := newPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			Expect(w.own).NotTo(BeEmpty())
			Expect(w.Close()).To(Succeed())
			Expect(descriptors()).NotTo(ContainElements(w.own))
			b.write("x")
			Eventually(read).WithArguments(a.fd, make([]byte, 1)).WithTimeout(patient).Should(Equal(1))
		})

		It("leaves nothing to a child process: the own descriptors are not inherited", bounded, func(SpecContext) {
			Expect(w.own).NotTo(BeEmpty())
			for _, fd := range w.own {
				Expect(isInherited(fd)).To(BeFalse())
			}
		})

		It("races with Wake, and whoever gets the numbers next sees none of it", bounded, func(SpecContext) {
			for range 200 {
				s, err := m.New()
				Expect(err).NotTo(HaveOccurred())
				started, stopped := make(chan bool), make(chan bool)
				go func() {
					defer close(stopped)
					close(started)
					for range 50 {
						s.Wake()
					}
				}()
				<-started
				Expect(s.Close()).To(Succeed())
				a, b, err := socketPair()
				<-stopped
				Expect(err).NotTo(HaveOccurred())
				_, err = read(a, make([]byte, 1))
				_, other := read(b, make([]byte, 1))
				Expect(closeFD(a)).To(Succeed())
				Expect(closeFD(b)).To(Succeed())
				Expect(err).To(MatchError(errWouldBlock))
				Expect(other).To(MatchError(errWouldBlock))
			}
		})
	})
}
