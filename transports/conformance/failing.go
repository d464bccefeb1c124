package conformance

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func failingCallbacks(w *world) {
	Context("with a protocol that panics", func() {
		It("in ConnectionMade: reports a failed callback, stays open and delivers", func() {
			p := &recorder.Stream{}
			p.OnMade = func(protocols.Transport) { panic("boom") }
			peer, _ := w.connect(p)
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5)")
			Expect(w.reported(1)).To(HaveEach(SatisfyAll(
				HaveField("Callback", true), HaveField("Err", BeAssignableToTypeOf(&future.PanicError{})))))
		})

		It("in DataReceived: reports it, sends what was written, and loses the connection with the panic", func() {
			p := &recorder.Stream{}
			p.OnData = func([]byte) {
				_, _ = p.Transport().Write([]byte("bye"))
				panic("boom")
			}
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5) lost(panic: boom)")
			Expect(peer.ReadAll()).To(Equal([]byte("bye")))
			Expect(w.reported(1)).To(HaveEach(causedBy(p.Err(), t, p)))
		})

		It("in EOFReceived: the same", func() {
			p := &recorder.Stream{}
			p.OnEOF = func() bool {
				_, _ = p.Transport().Write([]byte("bye"))
				panic("boom")
			}
			peer, t := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made eof lost(panic: boom)")
			Expect(peer.ReadAll()).To(Equal([]byte("bye")))
			Expect(w.reported(1)).To(HaveEach(causedBy(p.Err(), t, p)))
		})

		It("keeps the stack of the panic, and its value if that is an error", func() {
			p := &recorder.Stream{}
			p.OnData = func([]byte) { panic(future.ErrCancelled) }
			peer, t := w.connect(p)
			peer.Write([]byte("hello"))
			w.gone(t)
			Expect(p.Err()).To(MatchError(future.ErrCancelled))
			Expect(string(p.Err().(*future.PanicError).Stack)).To(ContainSubstring("failingCallbacks"))
			w.reported(1)
		})
	})
}

func failingFlowControl(w *world) {
	Context("with a protocol that panics about flow control", func() {
		It("in PauseWriting: reports it, the Write succeeds, the connection goes on", func() {
			p, seen := &recorder.Stream{}, &notes{}
			p.OnPause = func() { panic("boom") }
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				over(t, 0)
				seen.add(t.Write(pattern(written, 1)))
				seen.add(t.IsClosing())
			})
			Expect(seen.all()).To(Equal([]string{"1 <nil>", "false"}))
			expectPattern(peer.Take(written+1), written+1)
			w.sees(p, "made pause resume")
			Expect(w.reported(1)).To(HaveEach(SatisfyAll(
				HaveField("Callback", false), HaveField("Err", BeAssignableToTypeOf(&future.PanicError{})),
				HaveField("Transport", BeIdenticalTo(t)), HaveField("Protocol", BeIdenticalTo(p)))))
		})

		It("in ResumeWriting: the same", func() {
			p := &recorder.Stream{}
			p.OnResume = func() { panic("boom") }
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() { over(t, -1) })
			peer.Take(written)
			w.sees(p, "made pause resume")
			w.Do(func() { _, _ = t.Write([]byte("more")) })
			Expect(string(peer.Take(4))).To(Equal("more"))
			Expect(w.reported(1)).To(HaveEach(SatisfyAll(
				HaveField("Callback", false), HaveField("Err", BeAssignableToTypeOf(&future.PanicError{})),
				HaveField("Transport", BeIdenticalTo(t)), HaveField("Protocol", BeIdenticalTo(p)))))
		})

		It("in ResumeWriting after Close: still ends", func() {
			p := &recorder.Stream{}
			p.OnResume = func() { panic("boom") }
			peer, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				over(t, -1)
				_ = t.Close()
			})
			_, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			w.sees(p, "made pause resume lost(nil)")
			w.reported(1)
		})
	})
}

func failingEnds(w *world) {
	It("reports a panic in ConnectionLost as a failed callback, and closes the descriptor all the same", func() {
		p := &recorder.Stream{}
		p.OnLost = func(error) { panic("boom") }
		peer, t := w.connect(p)
		w.Do(func() { _ = t.Close() })
		Expect(peer.ReadAll()).To(BeEmpty())
		w.gone(t)
		w.stays(p, "made lost(nil)")
		Expect(w.reported(1)).To(HaveEach(SatisfyAll(
			HaveField("Callback", true), HaveField("Err", BeAssignableToTypeOf(&future.PanicError{})))))
	})
}
