package conformance

import (
	"bytes"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func marks(w *world) {
	Context("with write buffer limits", func() {
		It("has 64 KiB and 16 KiB at first", func() {
			_, t := w.connect(&recorder.Stream{})
			Expect(on(w, t.WriteBufferLimits)).To(Equal(protocols.Watermarks{Low: 16 << 10, High: 64 << 10}))
		})

		It("derives the mark that is not given", func() {
			_, t := w.connect(&recorder.Stream{})
			for given, resolved := range map[protocols.Watermarks]protocols.Watermarks{
				{High: 1002}:            {Low: 250, High: 1002},
				{Low: 5}:                {Low: 5, High: 20},
				{}:                      {Low: 16 << 10, High: 64 << 10},
				{High: protocols.Empty}: {},
			} {
				Expect(on(w, func() error { return t.SetWriteBufferLimits(given) })).To(Succeed())
				Expect(on(w, t.WriteBufferLimits)).To(Equal(resolved))
			}
		})

		DescribeTable("refuses limits that break high >= low >= 0 and keeps the old ones", func(bad protocols.Watermarks) {
			_, t := w.connect(&recorder.Stream{})
			before := on(w, t.WriteBufferLimits)
			Expect(on(w, func() error { return t.SetWriteBufferLimits(bad) })).To(MatchError(protocols.ErrInvalidWatermarks))
			Expect(on(w, t.WriteBufferLimits)).To(Equal(before))
		},
			Entry("low above high", protocols.Watermarks{Low: 2, High: 1}),
			Entry("low below zero", protocols.Watermarks{Low: -1, High: 1}),
			Entry("high below zero", protocols.Watermarks{High: -1}),
		)

		It("counts what the kernel would take as taken: four writes of 15 KiB do not pause", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() { _ = t.SetWriteBufferLimits(protocols.Watermarks{High: 20 << 10}) })
			write := func() { _, _ = t.Write(pattern(0, 15<<10)) }
			w.Do(write, write, write, func() {
				write()
				seen.add(t.WriteBufferSize())
			})
			Expect(seen.all()).To(Equal([]string{"0"}))
			w.stays(p, "made")
		})
	})
}

// over sets the high mark so that exactly n more bytes fit under it.
func over(t protocols.Transport, n int) {
	_ = t.SetWriteBufferLimits(protocols.Watermarks{High: t.WriteBufferSize() + n})
}

func pausing(w *world) {
	Context("with a write buffer that grows", func() {
		It("calls PauseWriting inside the Write that goes over the high mark; equal is not over", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, 100)
				_, _ = t.Write(make([]byte, 100))
				seen.add(p.String())
				n, err := t.Write([]byte("x"))
				seen.add(n, err, " ", p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made", "1 <nil> made pause"}))
		})

		It("does so inside WriteBuffers too", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, 100)
				_, _ = t.WriteBuffers([][]byte{make([]byte, 60), make([]byte, 60), {}})
				seen.add(p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made pause"}))
		})

		It("pauses once, whatever is written and set while it is paused", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, 0)
				for range 5 {
					_, _ = t.Write(make([]byte, 1000))
				}
				_ = t.SetWriteBufferLimits(protocols.Watermarks{High: 10})
				_ = t.SetWriteBufferLimits(protocols.Watermarks{High: 20})
			})
			w.stays(p, "made pause")
		})

		It("pauses inside the SetWriteBufferLimits that puts the buffer over the mark", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, 0)
				seen.add(p.String())
				over(t, -1)
				seen.add(p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made", "made pause"}))
		})

		It("pauses for every byte that stays buffered if the high mark is Empty", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() {
				_ = t.SetWriteBufferLimits(protocols.Watermarks{High: protocols.Empty})
				_, _ = t.Write([]byte("taken"))
				seen.add(p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made"}))
			w.clog(t)
			w.Do(func() {
				_ = t.SetWriteBufferLimits(protocols.Watermarks{High: protocols.Empty})
				seen.add(p.String())
			})
			Expect(seen.all()).To(HaveExactElements("made", "made pause"))
		})

		It("grows without limit under a protocol without FlowController", func() {
			p := &recorder.Protocol{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				over(t, -1)
				_, _ = t.Write(pattern(written, 1<<20))
				_ = t.Close()
			})
			data, _ := peer.ReadAll()
			expectPattern(data, written+1<<20)
			w.sees(p, "made lost(nil)")
		})
	})
}

func resuming(w *world) {
	Context("with a write buffer that was too large", func() {
		It("calls ResumeWriting once, when the buffer has shrunk to the low mark", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			p.OnResume = func() { seen.add(t.WriteBufferSize() <= t.WriteBufferLimits().Low) }
			w.Do(func() { _ = t.SetWriteBufferLimits(protocols.Watermarks{Low: 1000, High: 2000}) })
			w.stays(p, "made pause")
			expectPattern(peer.Take(written), written)
			w.sees(p, "made pause resume")
			w.stays(p, "made pause resume")
			Expect(seen.all()).To(Equal([]string{"true"}))
		})

		It("resumes only when nothing is buffered if the low mark is Empty", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			p.OnResume = func() { seen.add(t.WriteBufferSize()) }
			w.Do(func() { _ = t.SetWriteBufferLimits(protocols.Watermarks{Low: protocols.Empty, High: 2000}) })
			peer.Take(written)
			w.sees(p, "made pause resume")
			Expect(seen.all()).To(Equal([]string{"0"}))
		})

		It("is not resumed by limits that are raised, only by draining", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			var paused int
			p.OnResume = func() { seen.add(t.WriteBufferSize() < paused) }
			w.Do(func() {
				over(t, -1)
				_ = t.SetWriteBufferLimits(protocols.Watermarks{Low: never / 2, High: never})
				paused = t.WriteBufferSize()
				seen.add(p.String())
			}, func() { seen.add(p.String()) })
			peer.Take(written)
			w.sees(p, "made pause resume")
			w.Do(func() {})
			Expect(seen.all()).To(Equal([]string{"made pause", "made pause", "true"}))
		})

		It("may be written to inside ResumeWriting, and pauses again there", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			p.OnResume = func() {
				if len(seen.all()) > 0 {
					return
				}
				for n := 0; p.String() == "made pause resume" && n < most; n += chunk {
					_, _ = t.Write(pattern(written+n, chunk))
				}
				seen.add(p.String())
			}
			w.Do(func() { _ = t.SetWriteBufferLimits(protocols.Watermarks{High: 1000}) })
			peer.Take(written)
			soon(w, seen.all).Should(Equal([]string{"made pause resume pause"}))
			w.Do(func() { _ = t.Close() })
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			Expect(bytes.Equal(data, pattern(written, len(data)))).To(BeTrue(), "bytes lost, repeated or exchanged")
			w.sees(p, "made pause resume pause resume lost(nil)")
		})
	})
}

func pausedEnds(w *world) {
	Context("ended while writing is paused", func() {
		It("resumes before ConnectionLost if it is closed", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				over(t, -1)
				_ = t.Close()
			})
			w.stays(p, "made pause")
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written)
			w.sees(p, "made pause resume lost(nil)")
		})

		It("does not resume if it is aborted", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, -1)
				t.Abort()
			})
			w.sees(p, "made pause lost(nil)")
		})

		It("does not resume if PauseWriting aborts it, and the Write succeeds", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.clog(t)
			p.OnPause = t.Abort
			w.Do(func() {
				over(t, 0)
				n, err := t.Write([]byte("x"))
				seen.add(n, err, " ", t.WriteBufferSize())
			})
			Expect(seen.all()).To(Equal([]string{"1 <nil> 0"}))
			w.sees(p, "made pause lost(nil)")
		})

		It("does not resume if the peer resets", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.clog(t)
			w.Do(func() { over(t, -1) })
			peer.Reset()
			w.sees(p, "made pause "+w.lost(syscall.ECONNRESET))
			Expect(on(w, t.WriteBufferSize)).To(BeZero())
		})
	})
}
