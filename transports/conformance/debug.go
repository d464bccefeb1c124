package conformance

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func debugMode(w *world) {
	Context("in debug mode", func() {
		It("overwrites the slice that DataReceived was given", func() {
			var kept []byte
			p := &recorder.Stream{}
			p.OnData = func(data []byte) { kept = data }
			peer, _ := w.connect(p)
			w.SetDebug(true)
			peer.Write([]byte("hello"))
			w.sees(p, "made data(5)")
			Expect(on(w, func() string { return string(kept) })).NotTo(ContainSubstring("hello"))
			Expect(string(p.Data())).To(Equal("hello"))
		})

		It("does so too when DataReceived panics", func() {
			var kept []byte
			p := &recorder.Stream{}
			p.OnData = func(data []byte) { kept = data; panic("boom") }
			peer, t := w.connect(p)
			w.SetDebug(true)
			peer.Write([]byte("hello"))
			w.gone(t)
			Expect(on(w, func() string { return string(kept) })).NotTo(ContainSubstring("hello"))
			w.reported(1)
		})

		DescribeTable("refuses calls from outside the loop's goroutine with ErrInvalidState", func(call func(t protocols.Transport) error) {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			w.SetDebug(true)
			var result any
			w.Elsewhere(func() {
				defer func() {
					if v := recover(); v != nil {
						result = v
					}
				}()
				if err := call(t); err != nil {
					result = err
				}
			})
			Expect(result).To(MatchError(future.ErrInvalidState))
			w.stays(p, "made")
			Expect(on(w, t.IsReading)).To(BeTrue(), "it had an effect")
		},
			Entry("Write", func(t protocols.Transport) error { _, err := t.Write([]byte("x")); return err }),
			Entry("WriteBuffers", func(t protocols.Transport) error { _, err := t.WriteBuffers([][]byte{{1}}); return err }),
			Entry("WriteEOF", protocols.Transport.WriteEOF),
			Entry("SetWriteBufferLimits", func(t protocols.Transport) error {
				return t.SetWriteBufferLimits(protocols.Watermarks{})
			}),
			Entry("WriteBufferSize", func(t protocols.Transport) error { t.WriteBufferSize(); return nil }),
			Entry("IsClosing", func(t protocols.Transport) error { t.IsClosing(); return nil }),
			Entry("PauseReading", func(t protocols.Transport) error { t.PauseReading(); return nil }),
			Entry("ResumeReading", func(t protocols.Transport) error { t.ResumeReading(); return nil }),
			Entry("SetProtocol", func(t protocols.Transport) error { t.SetProtocol(protocols.Base{}); return nil }),
			Entry("Close", protocols.Transport.Close),
			Entry("Abort", func(t protocols.Transport) error { t.Abort(); return nil }),
		)

		It("lets the addresses be asked for from any goroutine", func() {
			p, seen := &recorder.Stream{}, &notes{}
			_, t := w.connect(p)
			w.SetDebug(true)
			w.Elsewhere(func() { seen.add(t.LocalAddr() != nil, t.RemoteAddr() != nil) })
			Expect(seen.all()).To(Equal([]string{"true true"}))
		})
	})
}
