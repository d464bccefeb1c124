//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

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
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			for _, until := range []time.Time{never(), time.Now().Add(time.Hour), never()} {
				_, err := w.Wait(until, func() bool { w.Wake(); return true })
				Expect(err).NotTo(HaveOccurred())
				calls, written := 0, make(chan bool)
				time.AfterFunc(20*time.Millisecond, func() {
					_, _ = unix.Write(b.fd, []byte("x"))
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
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			_, err := w.Wait(never(), func() bool {
				_, _ = unix.Write(b.fd, []byte("x"))
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
			a, b := newUnixPair()
			Expect(w.Add(a.fd, 7, Read)).To(Succeed())
			Expect(w.own).NotTo(BeEmpty())
			Expect(w.Close()).To(Succeed())
			Expect(descriptors()).NotTo(ContainElements(w.own))
			b.write("x")
			a.empty()
		})

		It("leaves nothing to a child process: the own descriptors close on exec", bounded, func(SpecContext) {
			Expect(w.own).NotTo(BeEmpty())
			for _, fd := range w.own {
				Expect(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)).To(Equal(unix.FD_CLOEXEC))
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
				var fds [2]int
				Expect(unix.Pipe(fds[:])).To(Succeed())
				<-stopped
				Expect(unix.SetNonblock(fds[0], true)).To(Succeed())
				_, err = unix.Read(fds[0], make([]byte, 1))
				Expect(unix.Close(fds[0])).To(Succeed())
				Expect(unix.Close(fds[1])).To(Succeed())
				Expect(err).To(MatchError(unix.EAGAIN))
			}
		})
	})

	Describe("New", func() {
		It("fails with EMFILE when no descriptor is left, and keeps none", Serial, bounded, func(SpecContext) {
			var limit unix.Rlimit
			Expect(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
			before := descriptors()
			tight := limit
			tight.Cur = 0
			Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &tight)).To(Succeed())
			s, err := m.New()
			Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
			Expect(err).To(MatchError(unix.EMFILE))
			Expect(s).To(BeNil())
			Expect(descriptors()).To(Equal(before))
		})
	})
}
