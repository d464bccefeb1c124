package conformance

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func lifeCycle(w *world) {
	Context("from its beginning to its end", func() {
		It("calls ConnectionMade, DataReceived, EOFReceived and ConnectionLost in this order", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			peer.Write([]byte("hello"))
			peer.CloseWrite()
			w.sees(p, "made data(5) eof lost(nil)")
			w.stays(p, "made data(5) eof lost(nil)")
		})

		It("calls ConnectionMade first also if input and its end are there already", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			peer.Write(pattern(0, 300))
			peer.Close()
			w.sees(p, "made data(300) eof lost(nil)")
		})

		It("is reading already inside ConnectionMade", func() {
			p, seen := &recorder.Stream{}, &notes{}
			p.OnMade = func(t protocols.Transport) { seen.add(t.IsReading(), t.IsClosing()) }
			w.connect(p)
			Expect(seen.all()).To(Equal([]string{"true false"}))
		})

		It("delivers what the peer sent, whole and in order", func() {
			p := &recorder.Stream{}
			peer, _ := w.connect(p)
			peer.Write(pattern(0, 300_000))
			peer.CloseWrite()
			w.sees(p, "made data(300000) eof lost(nil)")
			expectPattern(p.Data(), 300_000)
		})

		It("needs no more of a protocol than the three required methods", func() {
			p := &recorder.Protocol{}
			peer, _ := w.connect(p)
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5)")
			peer.CloseWrite()
			w.sees(p, "made data(5) lost(nil)")
		})

		DescribeTable("calls ConnectionLost in a later callback than", func(end func(t protocols.Transport)) {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.Do(func() {
				end(t)
				seen.add(p.String())
			})
			Expect(seen.all()).To(Equal([]string{"made"}))
			w.sees(p, "made lost(nil)")
		},
			Entry("Close", func(t protocols.Transport) { _ = t.Close() }),
			Entry("Abort", protocols.Transport.Abort),
		)
	})
}

func identity(w *world) {
	Context("asked what it is", func() {
		It("has the keys socket, sockname and peername, and no other", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.Do(func() {})
			Expect(on(w, func() any { return t.ExtraInfo("socket") })).To(BeAssignableToTypeOf(&platform.Socket{}))
			Expect(on(w, func() any { return t.ExtraInfo("sockname") })).To(Equal(t.LocalAddr()))
			Expect(on(w, func() any { return t.ExtraInfo("peername") })).To(Equal(t.RemoteAddr()))
			Expect(on(w, func() any { return t.ExtraInfo("no such key") })).To(BeNil())
		})

		It("has addresses, also after the connection is lost", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			local, remote := t.LocalAddr(), t.RemoteAddr()
			Expect(local).NotTo(BeNil())
			Expect(remote).NotTo(BeNil())
			w.Do(t.Abort)
			w.gone(t)
			Expect(t.LocalAddr()).To(Equal(local))
			Expect(t.RemoteAddr()).To(Equal(remote))
			Expect(on(w, func() any { return t.ExtraInfo("sockname") })).To(Equal(local))
			Expect(on(w, func() any { return t.ExtraInfo("peername") })).To(Equal(remote))
		})

		It("has its protocol, its addresses and an open socket inside ConnectionLost, and not afterwards", func() {
			p, seen := &recorder.Stream{}, &notes{}
			number := func(t protocols.Transport) uintptr { return t.ExtraInfo("socket").(*platform.Socket).FD() }
			p.OnMade = func(t protocols.Transport) { seen.add(number(t)) }
			p.OnLost = func(error) {
				t := p.Transport()
				seen.add(number(t))
				seen.add(t.Protocol() == protocols.Protocol(p), t.LocalAddr() != nil, t.RemoteAddr() != nil)
			}
			_, t := w.connect(p)
			w.Do(t.Abort)
			w.gone(t)
			Expect(seen.all()).To(HaveLen(3))
			Expect(seen.all()[1]).To(Equal(seen.all()[0]), "the socket of ConnectionMade and of ConnectionLost")
			Expect(seen.all()[2]).To(Equal("true true true"))
			Expect(on(w, func() uintptr { return number(t) })).To(Equal(^uintptr(0)))
			Expect(on(w, t.Protocol)).To(BeNil())
		})
	})
}

func afterTheEnd(w *world) {
	Context("after ConnectionLost", func() {
		It("lets every method be called", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.Do(t.Abort)
			w.gone(t)
			w.Do(t.PauseReading, t.ResumeReading, t.Abort)
			Expect(on(w, t.Close)).To(Succeed())
			if w.secure {
				Expect(on(w, t.WriteEOF)).To(MatchError(errors.ErrUnsupported))
			} else {
				Expect(on(w, t.WriteEOF)).To(Succeed())
			}
			Expect(on(w, t.IsReading)).To(BeFalse())
			Expect(on(w, t.IsClosing)).To(BeTrue())
			Expect(on(w, t.WriteBufferSize)).To(BeZero())
			Expect(on(w, func() error { return t.SetWriteBufferLimits(protocols.Watermarks{High: 1}) })).To(Succeed())
			Expect(on(w, t.WriteBufferLimits).High).To(Equal(1))
			_, secure := t.ConnectionState()
			Expect(secure).To(BeFalse())
			w.stays(p, "made lost(nil)")
		})

		It("stays without a protocol", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.Do(t.Abort)
			w.gone(t)
			w.Do(func() { t.SetProtocol(&recorder.Stream{}) })
			Expect(on(w, t.Protocol)).To(BeNil())
		})
	})
}
