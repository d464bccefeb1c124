package conformance

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func closing(w *world) {
	Context("on Close", func() {
		It("is closing and not reading at once", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() { seen.add(t.Close(), t.IsClosing(), t.IsReading()) })
			Expect(seen.all()).To(Equal([]string{"<nil> true false"}))
		})

		It("sends what is buffered, then the end, then calls ConnectionLost(nil)", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() { _ = t.Close() })
			w.stays(p, "made")
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			expectPattern(data, written)
			w.sees(p, "made lost(nil)")
		})

		It("sends and ends within one callback", func() {
			p := &recorder.Stream{}
			p.OnData = func([]byte) {
				_, _ = p.Transport().Write([]byte("bye"))
				_ = p.Transport().Close()
			}
			peer, _ := w.connect(p)
			peer.Write([]byte("x"))
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred())
			Expect(string(data)).To(Equal("bye"))
			w.sees(p, "made data(1) lost(nil)")
		})

		It("delivers nothing that comes later, also while it flushes", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.clog(t)
			w.Do(func() { _ = t.Close() })
			peer.Write([]byte("too late"))
			peer.CloseWrite()
			w.stays(p, "made")
			_, _ = peer.ReadAll() // may end in the reset that unread input causes
			w.endsLate(p)
		})

		It("delivers nothing if it is closed in ConnectionMade", func() {
			p := &recorder.Stream{}
			p.OnMade = func(t protocols.Transport) { _ = t.Close() }
			peer, _ := w.connect(p)
			peer.Write([]byte("too late"))
			w.endsLate(p)
		})

		It("hears of no end of input if it is closed in ConnectionMade and still flushes", func() {
			p := &recorder.Stream{}
			p.OnMade = func(t protocols.Transport) {
				_ = t.SetWriteBufferLimits(protocols.Watermarks{High: never})
				_, _ = t.Write(pattern(0, 8<<20))
				_ = t.Close()
			}
			peer, _ := w.connect(p)
			peer.CloseWrite()
			w.stays(p, "made")
			_, _ = peer.ReadAll()
			w.sees(p, "made lost(nil)")
		})

		It("ignores PauseReading and ResumeReading", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.clog(t)
			w.Do(func() {
				_ = t.Close()
				t.PauseReading()
				t.ResumeReading()
			})
			peer.Write([]byte("too late"))
			w.stays(p, "made")
			Expect(on(w, t.IsReading)).To(BeFalse())
		})
	})
}

func aborting(w *world) {
	Context("on Abort", func() {
		It("drops what is buffered at once and calls ConnectionLost(nil)", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				t.Abort()
				seen.add(t.WriteBufferSize(), " ", t.IsClosing(), t.IsReading())
			})
			Expect(seen.all()).To(Equal([]string{"0 true false"}))
			w.sees(p, "made lost(nil)")
			data, err := peer.ReadAll()
			Expect(err).NotTo(HaveOccurred(), "what the kernel took is followed by an orderly end")
			expectPrefix(data)
			Expect(len(data)).To(BeNumerically("<", written))
		})

		It("gives up what a Close is still flushing", func() {
			p, seen := &recorder.Stream{}, &notes{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() {
				_ = t.Close()
				t.Abort()
				seen.add(t.WriteBufferSize())
			})
			Expect(seen.all()).To(Equal([]string{"0"}))
			w.sees(p, "made lost(nil)")
			data, _ := peer.ReadAll()
			expectPrefix(data)
			Expect(len(data)).To(BeNumerically("<", written))
		})

		It("gives up what a Close was flushing since an earlier callback", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.clog(t)
			w.Do(func() { _ = t.Close() })
			w.stays(p, "made")
			w.Do(t.Abort)
			w.sees(p, "made lost(nil)")
		})

		It("delivers nothing if it is aborted in ConnectionMade", func() {
			p := &recorder.Stream{}
			p.OnMade = protocols.Transport.Abort
			peer, _ := w.connect(p)
			peer.Write([]byte("too late"))
			w.sees(p, "made lost(nil)")
		})
	})
}

func bothEnds(w *world) {
	end := map[string]func(t protocols.Transport){
		"Close": func(t protocols.Transport) { _ = t.Close() },
		"Abort": protocols.Transport.Abort,
	}
	DescribeTable("calls ConnectionLost once only after", func(first, second string) {
		p := &recorder.Stream{}
		_, t := w.connect(p)
		w.Do(func() {
			end[first](t)
			end[second](t)
		}, func() { end[second](t) })
		w.sees(p, "made lost(nil)")
		w.Do(func() { end[second](t) })
		w.stays(p, "made lost(nil)")
	},
		Entry("Close and Close", "Close", "Close"),
		Entry("Close and Abort", "Close", "Abort"),
		Entry("Abort and Close", "Abort", "Close"),
		Entry("Abort and Abort", "Abort", "Abort"),
	)

	late := []any{Entry("Abort", "Abort")}
	if !w.secure { // whose Close is not over before the peer agrees
		late = append(late, Entry("Close", "Close"))
	}
	DescribeTable("keeps the first cause of its end: a reset comes too late after", append(late, func(name string) {
		p := &recorder.Stream{}
		peer, t := w.connect(p)
		w.Do(func() { end[name](t) })
		peer.Reset()
		w.sees(p, "made lost(nil)")
	})...)
}

func unreadInput(w *world) {
	DescribeTable("resets the connection if input was left unread by", func(end func(t protocols.Transport)) {
		p := &recorder.Stream{}
		p.OnMade = protocols.Transport.PauseReading
		peer, t := w.connect(p)
		peer.Write([]byte("unread"))
		w.Settle()
		w.Do(func() { end(t) })
		w.sees(p, "made lost(nil)")
		_, err := peer.ReadAll()
		Expect(err).To(MatchError(w.lateErrno(syscall.ECONNRESET)))
	},
		Entry("Close", func(t protocols.Transport) { _ = t.Close() }),
		Entry("Abort", protocols.Transport.Abort),
	)
}
