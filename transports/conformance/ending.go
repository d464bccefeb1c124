package conformance

import (
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func endOfInput(w *world) {
	Context("when the peer half-closes", func() {
		It("closes unless EOFReceived asks to stay open", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made eof lost(nil)")
			Expect(peer.ReadAll()).To(BeEmpty())
		})

		It("closes if the protocol is no EOFReceiver", func() {
			p := &recorder.Protocol{}
			peer, _ := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made lost(nil)")
		})

		It("sends what is buffered before it closes", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			peer.CloseWrite()
			w.sees(p, "made eof")
			Expect(on(w, t.IsClosing)).To(BeTrue())
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written)
			w.sees(p, "made eof lost(nil)")
		})

		It("sends what EOFReceived writes", func() {
			p := &recorder.Stream{}
			p.OnEOF = func() bool {
				_, _ = p.Transport().Write([]byte("bye"))
				return false
			}
			peer, _ := w.connect(p)
			peer.CloseWrite()
			Expect(peer.ReadAll()).To(Equal([]byte("bye")))
			w.sees(p, "made eof lost(nil)")
		})
	})
}

func keptOpen(w *world) {
	Context("kept open by EOFReceived", func() {
		stay := func() bool { return true }

		It("is writable until it is closed, and still says that it reads", func() {
			p, seen := &recorder.Stream{}, &notes{}
			p.OnEOF = stay
			peer, t := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made eof")
			w.stays(p, "made eof")
			w.Do(func() {
				seen.add(t.IsReading(), t.IsClosing())
				_, _ = t.Write([]byte("late "))
			}, func() {
				_, _ = t.Write([]byte("reply"))
				_ = t.Close()
			})
			Expect(seen.all()).To(Equal([]string{"true false"}))
			Expect(peer.ReadAll()).To(Equal([]byte("late reply")))
			w.sees(p, "made eof lost(nil)")
		})

		It("hears of no second end, whatever is paused and resumed", func() {
			p := &recorder.Stream{}
			p.OnEOF = stay
			peer, t := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made eof")
			w.Do(t.PauseReading)
			w.Do(t.ResumeReading)
			w.stays(p, "made eof")
		})

		It("notices that the peer is gone only by writing, with EPIPE", func() {
			p := &recorder.Stream{}
			p.OnEOF = stay
			peer, t := w.connect(p)
			peer.CloseWrite()
			w.sees(p, "made eof")
			peer.Close()
			w.stays(p, "made eof")
			soon(w, func() string {
				w.Do(func() { _, _ = t.Write([]byte("x")) })
				return p.String()
			}).Should(Equal("made eof " + w.lost(syscall.EPIPE)))
		})
	})
}

func resets(w *world) {
	Context("when the peer resets", func() {
		It("loses an idle connection with ECONNRESET, without EOFReceived", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			w.Settle()
			peer.Reset()
			w.sees(p, "made "+w.lost(syscall.ECONNRESET))
		})

		It("loses a connection with a full buffer with ECONNRESET, and drops that", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.clog(t)
			peer.Reset()
			w.sees(p, "made "+w.lost(syscall.ECONNRESET))
			Expect(on(w, t.WriteBufferSize)).To(BeZero())
		})

		It("tells the cause as a *net.OpError around the errno", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.Settle()
			peer.Reset()
			w.gone(t)
			Expect(p.Err()).To(MatchError(w.errno(syscall.ECONNRESET)))
			shape, ok := p.Err().(*net.OpError)
			Expect(ok).To(BeTrue(), "%T", p.Err())
			Expect(shape.Op).To(BeElementOf("read", "write"))
			Expect(shape.Net).To(Equal(t.LocalAddr().Network()))
			Expect(shape.Source).To(Equal(t.LocalAddr()))
			Expect(shape.Addr).To(Equal(t.RemoteAddr()))
		})

		It("does not trouble the exception handler with it", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			w.Settle()
			peer.Reset()
			w.sees(p, "made "+w.lost(syscall.ECONNRESET))
			Expect(w.Failures()).To(BeEmpty())
		})
	})
}
