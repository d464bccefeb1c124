package conformance

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func reading(w *world) {
	Context("asked to pause or resume reading", func() {
		It("reports whether it is reading, and does not mind to be asked twice", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			w.Do(func() {
				for _, step := range []func(){t.ResumeReading, t.PauseReading, t.PauseReading, t.ResumeReading, t.ResumeReading} {
					step()
					seen.add(t.IsReading())
				}
			})
			Expect(seen.all()).To(Equal([]string{"true", "false", "false", "true", "true"}))
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5)")
		})

		It("delivers nothing inside ResumeReading, but soon", func() {
			p, seen := &recorder.Stream{}, &notes{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.stays(p, "made")
			w.Do(func() {
				t.ResumeReading()
				seen.add(p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made"}))
			w.sees(p, "made data(5)")
		})

		It("loses nothing if it pauses and resumes while input is on its way", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			for i := range 50 {
				peer.Write(pattern(1000*i, 1000))
				w.Do(t.PauseReading)
				w.Do(t.ResumeReading, t.PauseReading)
				w.Do(func() {
					t.ResumeReading()
					t.PauseReading()
					t.ResumeReading()
				})
			}
			peer.CloseWrite()
			w.sees(p, "made data(50000) eof lost(nil)")
			expectPattern(p.Data(), 50_000)
		})
	})
}

func pausedReading(w *world) {
	Context("while reading is paused", func() {
		It("delivers nothing from ConnectionMade on", func() {
			p := &recorder.Stream{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.stays(p, "made")
			w.Do(t.ResumeReading)
			w.sees(p, "made data(5)")
		})

		It("delivers nothing after a PauseReading inside DataReceived, and goes on where it was", func() {
			p := &recorder.Stream{}
			p.OnData = func([]byte) { p.Transport().PauseReading() }
			peer, t := w.connect(p)
			peer.Write(pattern(0, 1))
			w.sees(p, "made data(1)")
			peer.Write(pattern(1, 30_000))
			peer.CloseWrite()
			w.stays(p, "made data(1)")
			soon(w, func() string {
				w.Do(t.ResumeReading)
				return p.String()
			}).Should(Equal("made data(30001) eof lost(nil)"))
			expectPattern(p.Data(), 30_001)
		})

		It("goes on sending", func() {
			p := &recorder.Stream{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			w.Do(func() { _, _ = t.Write([]byte("hello")) })
			Expect(string(peer.Take(5))).To(Equal("hello"))
		})

		It("flushes on Close", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.Do(t.PauseReading)
			written := w.clog(t)
			w.Do(func() { _ = t.Close() })
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written)
			w.sees(p, "made lost(nil)")
		})
	})
}

func pausedReadingEnds(w *world) {
	Context("when the peer ends while reading is paused", func() {
		It("notices the end of input only when reading is resumed, after the data", func() {
			p := &recorder.Stream{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			peer.CloseWrite()
			w.stays(p, "made")
			w.Do(t.ResumeReading)
			w.sees(p, "made data(5) eof lost(nil)")
		})

		It("notices a reset only when reading is resumed", func() {
			p := &recorder.Stream{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			w.Settle()
			peer.Reset()
			w.stays(p, "made")
			Expect(on(w, t.IsClosing)).To(BeFalse())
			w.Do(t.ResumeReading)
			w.sees(p, "made "+w.lostLate(syscall.ECONNRESET))
		})

		It("notices a reset at the next Write", func() {
			p, seen := &recorder.Stream{}, &notes{}
			p.OnMade = protocols.Transport.PauseReading
			peer, t := w.connect(p)
			w.Settle()
			peer.Reset()
			w.stays(p, "made")
			w.Do(func() {
				n, err := t.Write([]byte("x"))
				seen.add(n, err, " ", t.IsClosing(), " ", p.String())
			})
			Expect(seen.all()).To(Equal([]string{"1 <nil> true made"}))
			w.sees(p, "made "+w.lost(syscall.ECONNRESET))
		})
	})
}
