package conformance

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
)

// small makes GetBuffer lend seven bytes.
func small() func(int) []byte { return lending(7) }

func lending(n int) func(int) []byte {
	b := make([]byte, n)
	return func(int) []byte { return b }
}

func bufferedInput(w *world) {
	Context("with a BufferedProtocol", func() {
		It("puts input into its buffers, whatever their size", func() {
			p := &recorder.Buffered{}
			p.OnGetBuffer = small()
			peer, _ := w.connect(p)
			peer.Write(pattern(0, 10_000))
			peer.CloseWrite()
			w.sees(p, "made data(10000) eof lost(nil)")
			expectPattern(p.Data(), 10_000)
		})

		It("hints at what waits, or that it does not know", func() {
			p, seen := &recorder.Buffered{}, &notes{}
			b := make([]byte, 100)
			p.OnGetBuffer = func(hint int) []byte {
				seen.add(hint == -1 || hint > 0)
				return b
			}
			peer, _ := w.connect(p)
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5)")
			Expect(seen.all()).To(And(Not(BeEmpty()), HaveEach("true")))
		})

		It("stops at once at a PauseReading inside BufferUpdated, and goes on where it was", func() {
			p := &recorder.Buffered{}
			p.OnGetBuffer = small()
			p.OnData = func([]byte) { p.Transport().PauseReading() }
			peer, t := w.connect(p)
			peer.Write(pattern(0, 100))
			peer.CloseWrite()
			w.sees(p, "made data(7)")
			w.stays(p, "made data(7)")
			soon(w, func() string {
				w.Do(t.ResumeReading)
				return p.String()
			}).Should(Equal("made data(100) eof lost(nil)"))
			expectPattern(p.Data(), 100)
		})

		It("puts nothing anywhere after a PauseReading inside GetBuffer", func() {
			p := &recorder.Buffered{}
			b, paused := make([]byte, 100), false
			p.OnGetBuffer = func(int) []byte {
				if !paused {
					paused = true
					p.Transport().PauseReading()
				}
				return b
			}
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.Settle()
			w.stays(p, "made")
			w.Do(t.ResumeReading)
			w.sees(p, "made data(5)")
		})

		It("delivers nothing after a Close inside GetBuffer or BufferUpdated", func() {
			p := &recorder.Buffered{}
			p.OnGetBuffer = small()
			p.OnData = func([]byte) { _ = p.Transport().Close() }
			q := &recorder.Buffered{}
			q.OnGetBuffer = func(int) []byte {
				_ = q.Transport().Close()
				return make([]byte, 100)
			}
			for q, events := range map[*recorder.Buffered]string{p: "made data(7) lost(nil)", q: "made lost(nil)"} {
				peer, _ := w.connect(q)
				peer.Write(pattern(0, 100))
				w.sees(q, events)
			}
		})
	})
}

func bufferedFailures(w *world) {
	Context("with a BufferedProtocol that fails", func() {
		It("reports an empty buffer and loses the connection with ErrInvalidState", func() {
			p := &recorder.Buffered{}
			p.OnGetBuffer = func(int) []byte { return nil }
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.gone(t)
			Expect(p.Events()).To(HaveLen(3), "made, buffer, lost")
			Expect(p.Err()).To(MatchError(future.ErrInvalidState))
			Expect(w.reported(1)).To(HaveEach(SatisfyAll(
				HaveField("Err", p.Err()), HaveField("Callback", false),
				HaveField("Transport", BeIdenticalTo(t)), HaveField("Protocol", BeIdenticalTo(p)),
			)))
		})

		DescribeTable("reports a panic and loses the connection with it, in", func(fail func(p *recorder.Buffered), events string) {
			p := &recorder.Buffered{}
			p.OnGetBuffer = small()
			fail(p)
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.sees(p, events)
			w.gone(t)
			Expect(w.reported(1)).To(HaveEach(causedBy(p.Err(), t, p)))
		},
			Entry("GetBuffer", func(p *recorder.Buffered) {
				p.OnGetBuffer = func(int) []byte { panic("boom") }
			}, "made lost(panic: boom)"),
			Entry("BufferUpdated", func(p *recorder.Buffered) {
				p.OnData = func([]byte) { panic("boom") }
			}, "made data(5) lost(panic: boom)"),
		)
	})
}

// causedBy matches the Failure of a protocol that panicked.
func causedBy(err error, t, p any) OmegaMatcher {
	return SatisfyAll(
		HaveField("Err", And(BeAssignableToTypeOf(&future.PanicError{}), BeIdenticalTo(err))),
		HaveField("Callback", false),
		HaveField("Transport", BeIdenticalTo(t)),
		HaveField("Protocol", BeIdenticalTo(p)),
		WithTransform(func(f transports.Failure) string { return f.Message }, Not(BeEmpty())),
	)
}
