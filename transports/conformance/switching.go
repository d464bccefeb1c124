package conformance

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func switching(w *world) {
	Context("given another protocol", func() {
		It("tells that one everything from then on, without ConnectionMade", func() {
			p, q := &recorder.Stream{}, &recorder.Stream{}
			peer, t := w.connect(p)
			peer.Write([]byte("old"))
			w.sees(p, "made data(3)")
			w.adopt(q, t)
			w.Do(func() { t.SetProtocol(q) })
			Expect(on(w, t.Protocol)).To(BeIdenticalTo(q))
			peer.Write([]byte("new!"))
			peer.CloseWrite()
			w.sees(q, "data(4) eof lost(nil)")
			w.stays(p, "made data(3)")
		})

		It("asks that one what to do at the end of input and when the buffer grows", func() {
			p, q := &recorder.Stream{}, &recorder.Protocol{}
			p.OnEOF = func() bool { return true }
			peer, t := w.connect(p)
			w.clog(t)
			w.adopt(q, t)
			w.Do(func() {
				t.SetProtocol(q)
				over(t, -1)
			})
			peer.CloseWrite()
			soon(w, func() bool { return on(w, t.IsClosing) }).Should(BeTrue())
			w.Do(t.Abort)
			w.sees(q, "lost(nil)")
			w.stays(p, "made")
		})

		It("panics for a nil protocol and keeps the old one", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			Expect(on(w, func() (v any) {
				defer func() { v = recover() }()
				t.SetProtocol(nil)
				return nil
			})).NotTo(BeNil())
			Expect(on(w, t.Protocol)).To(BeIdenticalTo(p))
		})
	})
}

// switchedInPause is a hand-over inside a GetBuffer that pauses as well.
func switchedInPause(w *world) {
	It("asks the next protocol for nothing while reading is paused", func() {
		p, q := &recorder.Buffered{}, &recorder.Buffered{}
		p.OnGetBuffer = func(int) []byte {
			t := p.Transport()
			t.PauseReading()
			q.Adopt(t)
			t.SetProtocol(q)
			return nil
		}
		peer, t := w.connect(p)
		peer.Write([]byte("hello"))
		soon(w, func() bool { return on(w, t.Protocol) == protocols.Protocol(q) }).Should(BeTrue())
		w.Settle()
		Expect(q.Events()).To(BeEmpty())
		w.Do(t.ResumeReading)
		w.sees(q, "data(5)")
		w.recorders = append(w.recorders, q)
	})
}

// switchingStyle lets a first protocol take some input and hand the connection
// over to a second one that receives in the other style. All bytes must reach
// one of them, in order.
func switchingStyle(w *world) {
	const size = 20_000
	type pair struct {
		first, second interface {
			recording
			protocols.Protocol
			Data() []byte
		}
	}
	to := func(p, q recording) func() {
		return func() {
			if t := p.Transport(); t.Protocol() == p.(protocols.Protocol) {
				q.Adopt(t)
				t.SetProtocol(q.(protocols.Protocol))
			}
		}
	}
	DescribeTable("goes on in the other style when the protocol is switched", func(make func() pair) {
		both := make()
		peer, t := w.connect(both.first)
		peer.Write(pattern(0, size))
		peer.CloseWrite()
		w.gone(t)
		w.recorders = append(w.recorders, both.second)
		Expect(both.second.String()).To(HaveSuffix("eof lost(nil)"))
		expectPattern(append(both.first.Data(), both.second.Data()...), size)
	},
		Entry("inside DataReceived, to a BufferedProtocol", func() pair {
			p, q := &recorder.Stream{}, &recorder.Buffered{}
			p.OnData = func([]byte) { to(p, q)() }
			q.OnGetBuffer = small()
			return pair{p, q}
		}),
		Entry("inside BufferUpdated, from a BufferedProtocol", func() pair {
			p, q := &recorder.Buffered{}, &recorder.Stream{}
			p.OnGetBuffer = small()
			p.OnData = func([]byte) { to(p, q)() }
			return pair{p, q}
		}),
		Entry("inside GetBuffer, from a BufferedProtocol", func() pair {
			p, q := &recorder.Buffered{}, &recorder.Stream{}
			b := small()
			p.OnGetBuffer = func(hint int) []byte { to(p, q)(); return b(hint) }
			return pair{p, q}
		}),
		Entry("inside GetBuffer, from a BufferedProtocol that then lends nothing", func() pair {
			p, q := &recorder.Buffered{}, &recorder.Stream{}
			p.OnGetBuffer = func(int) []byte { to(p, q)(); return nil }
			return pair{p, q}
		}),
		Entry("inside GetBuffer, between two BufferedProtocols", func() pair {
			p, q := &recorder.Buffered{}, &recorder.Buffered{}
			b := small()
			p.OnGetBuffer = func(hint int) []byte { to(p, q)(); return b(hint) }
			return pair{p, q}
		}),
		Entry("inside BufferUpdated, between two BufferedProtocols", func() pair {
			p, q := &recorder.Buffered{}, &recorder.Buffered{}
			p.OnGetBuffer = small()
			p.OnData = func([]byte) { to(p, q)() }
			q.OnGetBuffer = lending(70) // each turn of a level-triggered loop brings one
			return pair{p, q}
		}),
	)
}
