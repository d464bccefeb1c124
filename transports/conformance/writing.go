package conformance

import (
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func writing(w *world) {
	Context("on Write", func() {
		It("sends and buffers nothing when the kernel takes everything", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			w.Do(func() {
				n, err := t.Write([]byte("hello"))
				seen.add(n, err, " ", t.WriteBufferSize())
			})
			Expect(seen.all()).To(Equal([]string{"5 <nil> 0"}))
			Expect(string(peer.Take(5))).To(Equal("hello"))
			w.stays(p, "made")
		})

		It("keeps the order of writes, of one callback and of several", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.Do(
				func() { _, _ = t.Write([]byte("ab")); _, _ = t.Write([]byte("cd")) },
				func() { _, _ = t.Write([]byte("ef")) },
				func() { _, _ = t.Write([]byte("gh")); _ = t.Close() },
			)
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			Expect(string(data)).To(Equal("abcdefgh"))
		})

		It("takes what the kernel does not, of any size, and sends it in order", func() {
			p := &recorder.Protocol{}
			peer, t := w.connect(p)
			const size = 5 << 20
			w.Do(func() {
				_, _ = t.Write(pattern(0, size/2))
				_, _ = t.Write(pattern(size/2, size/2))
				_ = t.Close()
			})
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, size)
			w.sees(p, "made lost(nil)")
		})

		It("lets the caller reuse its slice", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				b := pattern(written, 1000)
				_, _ = t.Write(b)
				clear(b)
				_ = t.Close()
			})
			data, _ := peer.ReadAll()
			expectPattern(data, written+1000)
		})

		It("has no effect for nothing", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			w.Do(func() {
				seen.add(t.Write(nil))
				seen.add(t.Write([]byte{}))
				seen.add(t.WriteBuffers(nil))
			})
			Expect(seen.all()).To(HaveEach("0 <nil>"))
			w.Do(func() { _ = t.Close() })
			Expect(peer.ReadAll()).To(BeEmpty())
		})

		It("treats WriteBuffers as one Write, whatever chunks are empty, and leaves them alone", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			bufs := net.Buffers{nil, []byte("ab"), {}, []byte("cd"), {}}
			w.Do(func() { seen.add(t.WriteBuffers(bufs)) })
			Expect(seen.all()).To(Equal([]string{"4 <nil>"}))
			Expect(bufs).To(Equal(net.Buffers{nil, []byte("ab"), {}, []byte("cd"), {}}))
			w.Do(func() { _ = t.Close() })
			Expect(peer.ReadAll()).To(Equal([]byte("abcd")))
			w.sees(p, "made lost(nil)")
		})

		It("echoes while it receives", func() {
			p := &recorder.Stream{}
			p.OnData = func(data []byte) { _, _ = p.Transport().Write(data) }
			peer, _ := w.connect(p)
			const size = 1 << 20
			peer.Write(pattern(0, size))
			expectPattern(peer.Take(size), size)
		})
	})
}

// coalescing is about what waits for the end of the callback that wrote it. The
// peer looks inside the callback: the bytes must be there before it ends.
func coalescing(w *world) {
	DescribeTable("gives the kernel what was written before it obeys or answers", func(question func(t protocols.Transport)) {
		p, seen := &recorder.Stream{}, &notes{}
		peer, t := w.connect(p)
		w.Do(func() {
			_, _ = t.Write([]byte("bye"))
			question(t)
			seen.add(string(peer.Take(3)))
		})
		Expect(seen.all()).To(Equal([]string{"bye"}))
	},
		Entry("Abort", protocols.Transport.Abort),
		Entry("Close", func(t protocols.Transport) { _ = t.Close() }),
		Entry("WriteEOF", func(t protocols.Transport) { _ = t.WriteEOF() }),
		Entry("WriteBufferSize", func(t protocols.Transport) { t.WriteBufferSize() }),
		Entry("IsClosing", func(t protocols.Transport) { t.IsClosing() }),
		Entry("SetWriteBufferLimits", func(t protocols.Transport) { _ = t.SetWriteBufferLimits(protocols.Watermarks{}) }),
	)

	It("counts in WriteBufferSize only what the kernel has refused, also of the callback before", func() {
		p, seen := &recorder.Stream{}, &notes{}
		_, t := w.connect(p)
		w.Do(func() { _, _ = t.Write([]byte("hello")) }, func() { seen.add(t.WriteBufferSize()) })
		Expect(seen.all()).To(Equal([]string{"0"}))
	})

	It("delivers in order what was asked about and what was written afterwards", func() {
		p := &recorder.Stream{}
		peer, t := w.connect(p)
		w.Do(func() {
			_, _ = t.Write([]byte("ab"))
			t.WriteBufferSize()
			_, _ = t.Write([]byte("cd"))
			t.IsClosing()
			_, _ = t.Write([]byte("ef"))
			_ = t.Close()
		})
		Expect(peer.ReadAll()).To(Equal([]byte("abcdef")))
	})
}

func writingAfterClose(w *world) {
	Context("written to after its end", func() {
		DescribeTable("drops with net.ErrClosed, and warns from the fifth time on, after", func(end func(t protocols.Transport)) {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() { end(t) })
			for range 6 {
				w.Do(func() {
					n, err := t.Write([]byte("x"))
					seen.add(n, " ", err == net.ErrClosed)
				})
				seen.add(w.Warnings())
			}
			Expect(seen.all()).To(Equal([]string{
				"0 true", "0", "0 true", "0", "0 true", "0", "0 true", "0", "0 true", "1", "0 true", "2",
			}))
			w.sees(p, "made lost(nil)")
		},
			Entry("Close without anything buffered", func(t protocols.Transport) { _ = t.Close() }),
			Entry("Abort", protocols.Transport.Abort),
		)

		It("drops with net.ErrClosed after a reset", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			peer.Reset()
			w.gone(t)
			Expect(on(w, func() error { _, err := t.Write([]byte("x")); return err })).To(MatchError(net.ErrClosed))
			Expect(on(w, func() error { _, err := t.WriteBuffers(net.Buffers{[]byte("x")}); return err })).
				To(MatchError(net.ErrClosed))
		})

		It("accepts and delivers it after Close while earlier bytes are still buffered", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				_ = t.Close()
				seen.add(t.Write(pattern(written, 4)))
			}, func() {
				seen.add(t.Write(pattern(written+4, 3)))
			})
			Expect(seen.all()).To(Equal([]string{"4 <nil>", "3 <nil>"}))
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written+7)
			w.sees(p, "made lost(nil)")
		})

		It("takes nothing without a complaint after Close", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() {
				_ = t.Close()
				for range 6 {
					seen.add(t.Write(nil))
				}
			})
			Expect(seen.all()).To(HaveEach("0 <nil>"))
			Expect(w.Warnings()).To(BeZero())
		})
	})
}

func writingEOF(w *world) {
	Context("on WriteEOF", func() {
		It("ends the sending half and goes on receiving", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			Expect(on(w, t.CanWriteEOF)).To(BeTrue())
			Expect(on(w, t.WriteEOF)).To(Succeed())
			Expect(peer.ReadAll()).To(BeEmpty())
			Expect(on(w, t.IsClosing)).To(BeFalse())
			peer.Write([]byte("still here"))
			w.sees(p, "made data(10)")
			peer.CloseWrite()
			w.sees(p, "made data(10) eof lost(nil)")
		})

		It("ends it after what is buffered is sent", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			Expect(on(w, t.WriteEOF)).To(Succeed())
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written)
			w.stays(p, "made")
			Expect(on(w, t.IsClosing)).To(BeFalse())
		})

		It("does nothing the second time and after Close", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				seen.add(t.WriteEOF(), t.WriteEOF())
				seen.add(t.Close(), t.WriteEOF())
			})
			Expect(seen.all()).To(HaveEach("<nil> <nil>"))
			data, _ := peer.ReadAll()
			expectPattern(data, written)
			w.sees(p, "made lost(nil)")
		})

		It("refuses any Write with ErrInvalidState from then on, of nothing and after Close too", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			write := func(b []byte) func() error {
				return func() error { _, err := t.Write(b); return err }
			}
			w.Do(func() { _ = t.WriteEOF() })
			Expect(on(w, write([]byte("x")))).To(MatchError(future.ErrInvalidState))
			Expect(on(w, write(nil))).To(MatchError(future.ErrInvalidState))
			Expect(on(w, func() error { _, err := t.WriteBuffers(nil); return err })).To(MatchError(future.ErrInvalidState))
			w.Do(func() { _ = t.Close() })
			Expect(on(w, write([]byte("x")))).To(MatchError(future.ErrInvalidState))
			w.sees(p, "made lost(nil)")
			Expect(on(w, write(nil))).To(MatchError(future.ErrInvalidState))
			Expect(w.Warnings()).To(BeZero())
		})

		It("is no reason to refuse a Write if it came after Close", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				_ = t.Close()
				_ = t.WriteEOF()
				seen.add(t.Write(pattern(written, 3)))
			})
			Expect(seen.all()).To(Equal([]string{"3 <nil>"}))
			data, _ := peer.ReadAll()
			expectPattern(data, written+3)
		})
	})
}
