//go:build linux || windows

package proactor_test

import (
	"bytes"
	"runtime"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func sendSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Send", func() {
		It("sends", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Send(near, 1, []byte("hello"))
				Expect(p.awaitOne(1).N()).To(Equal(5))
				Expect(string(p.receive(far, 2, 5))).To(Equal("hello"))
			})
		}, bounded)

		It("tells of progress instead of waiting for all", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				rest := bytes.Repeat([]byte("x"), 64<<20)
				for {
					p.Send(near, 1, rest)
					var got []proactor.Outcome
					for range 50 {
						got = append(got, p.look(1)...)
						runtime.Gosched()
					}
					if len(got) == 0 {
						break
					}
					Expect(got).To(HaveLen(1))
					Expect(got[0].N()).To(And(BeNumerically(">", 0), BeNumerically("<", len(rest))))
					Expect(got[0].More()).To(BeFalse())
					rest = rest[got[0].N():]
				}
				var on []proactor.Outcome
				for limit := time.Now().Add(patient); len(on) == 0 && time.Now().Before(limit); {
					drained(far)
					on = p.look(1)
				}
				Expect(on).To(HaveLen(1))
				Expect(on[0].N()).To(BeNumerically(">", 0))
			})
		}, bounded)

		It("gets an error and no signal when nobody is there", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				shut(far)
				var err error
				for limit := time.Now().Add(patient); err == nil && time.Now().Before(limit); {
					p.Send(near, 1, []byte("x")) // TCP takes some before it knows
					err = p.awaitOne(1).Err()
				}
				Expect(err).To(Satisfy(platform.IsDisconnect))
			})
		}, bounded)

		It("ends when cancelled, with its memory free", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				clog(near)
				waiting := bytes.Repeat([]byte("y"), 1000)
				p.Send(near, 1, waiting)
				p.quiet(1)
				p.Cancel(1, proactor.Send)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				clear(waiting)
				Expect(bytes.ContainsRune(drained(far), 'y')).To(BeFalse(), "it was sent after its end")
			})
		}, bounded)
	})
}
