//go:build linux || windows

package proactor_test

import (
	"errors"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func yes() bool { return true }

func waitSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Wait", func() {
		It("does not block without park, nor when park says no, nor when the time has come", func(SpecContext) {
			with(m, o, func(p *bench) {
				for _, wait := range []func() error{
					func() error { _, err := p.Wait(time.Time{}, nil); return err },
					func() error { _, err := p.Wait(time.Time{}, func() bool { return false }); return err },
					func() error { _, err := p.Wait(time.Now(), yes); return err },
				} {
					began := time.Now()
					Expect(wait()).To(Succeed())
					Expect(time.Since(began)).To(BeNumerically("<", time.Second))
				}
			})
		}, bounded)

		It("blocks until the time, and not less", func(SpecContext) {
			with(m, o, func(p *bench) {
				for _, d := range []time.Duration{300 * time.Microsecond, 5 * time.Millisecond, 30 * time.Millisecond} {
					until := time.Now().Add(d)
					for time.Now().Before(until) {
						_, err := p.Wait(until, yes)
						Expect(err).NotTo(HaveOccurred())
					}
					Expect(time.Since(until)).To(BeNumerically("<", time.Second))
				}
			})
		}, bounded)

		It("does not ask park when something has completed", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(false)
				p.Send(near, 1, []byte("x"))
				done, err := p.Wait(time.Time{}, func() bool { panic("asked") })
				Expect(err).NotTo(HaveOccurred())
				Expect(done).To(HaveLen(1))
			})
		}, bounded)

		It("is ended by a completion", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Receive(near, 1, false)
				p.quiet(1)
				for len(p.kept) == 0 {
					done, err := p.Wait(time.Time{}, func() bool { go platform.Send(far, []byte("x")); return true })
					Expect(err).NotTo(HaveOccurred())
					p.kept = append(p.kept, done...)
				}
			})
		}, bounded)

		It("loses no Wake that comes after park", func(SpecContext) {
			with(m, o, func(p *bench) {
				for i := range 2000 {
					began := time.Now()
					_, err := p.Wait(began.Add(patient), func() bool {
						if i%2 == 0 {
							p.Wake()
						} else {
							go p.Wake()
						}
						return true
					})
					Expect(err).NotTo(HaveOccurred())
					Expect(time.Since(began)).To(BeNumerically("<", patient))
				}
			})
		}, bounded)

		It("loses none of many that race with it", func(SpecContext) {
			with(m, o, func(p *bench) {
				var asked, heard atomic.Int64
				stop := make(chan struct{})
				for range 3 {
					go func() {
						for {
							select {
							case <-stop:
								return
							default:
							}
							if n := asked.Load(); n == heard.Load() && asked.CompareAndSwap(n, n+1) {
								p.Wake()
							}
							runtime.Gosched()
						}
					}()
				}
				for heard.Load() < 3000 {
					_, err := p.Wait(time.Now().Add(patient), func() bool { return asked.Load() == heard.Load() })
					Expect(err).NotTo(HaveOccurred())
					if n := asked.Load(); n != heard.Load() {
						heard.Store(n)
					}
				}
				close(stop)
			})
		}, bounded)
	})

	Describe("its own descriptors", func() {
		It("are known", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(false)
				Expect(p.Owns(near) || p.Owns(-1)).To(BeFalse())
				own := 0
				for fd := range 1 << 14 {
					if p.Owns(fd) {
						own++
					}
				}
				Expect(own).To(Equal(2), "the one that is waited for, and one to help")
			})
		}, bounded)
	})
}

func closeSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Close", func() {
		It("ends whatever is under way, and nothing is touched afterwards", func(SpecContext) {
			var near, far int
			memory := make([]byte, 1<<20)
			with(m, o, func(p *bench) {
				near, far = pair(true)
				l, _ := listen()
				p.Receive(near, 1, false)
				p.Accept(l, 2)
				clog(near)
				p.Send(near, 1, memory)
				p.quiet(99)
			})
			_, err := platform.Send(far, []byte("x"))
			Expect(err).NotTo(HaveOccurred())
			b := make([]byte, 10)
			Eventually(func() (int, error) { return platform.Recv(near, b) }).WithTimeout(patient).Should(Equal(1), "nobody else receives")
		}, bounded)

		It("is possible before the first Wait", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(false)
				p.Receive(near, 1, false)
			})
		}, bounded)

		It("leaves a Wake without effect and a Wait with net.ErrClosed", func(SpecContext) {
			with(m, o, func(p *bench) {
				Expect(p.Close()).To(Succeed())
				p.Wake()
				_, err := p.Wait(time.Time{}, yes)
				Expect(errors.Is(err, net.ErrClosed)).To(BeTrue())
			})
		}, bounded)
	})
}
