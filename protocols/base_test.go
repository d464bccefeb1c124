package protocols_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

// greeter overrides one method of Base, as most protocols do.
type greeter struct {
	protocols.Base
	greeted protocols.Transport
}

func (g *greeter) ConnectionMade(t protocols.Transport) { g.greeted = t }

var _ = Describe("Base", func() {
	It("gives a protocol that embeds it everything but buffers of its own", func() {
		var p protocols.Protocol = &greeter{}
		_, eof := p.(protocols.EOFReceiver)
		_, flow := p.(protocols.FlowController)
		_, buffered := p.(protocols.BufferedProtocol)
		Expect(eof).To(BeTrue(), "EOFReceiver")
		Expect(flow).To(BeTrue(), "FlowController")
		Expect(buffered).To(BeFalse(), "BufferedProtocol would take the input away from DataReceived")
	})

	It("leaves room for overriding", func() {
		t := struct{ protocols.Transport }{}
		g := &greeter{}
		protocols.Protocol(g).ConnectionMade(t)
		Expect(g.greeted).To(Equal(t))
	})

	It("asks for the transport to be closed at the end of input", func() {
		Expect(protocols.Base{}.EOFReceived()).To(BeFalse())
	})

	It("does nothing with a nil transport, no data or an error", func() {
		b := protocols.Base{}
		Expect(func() {
			b.ConnectionMade(nil)
			b.DataReceived(nil)
			b.PauseWriting()
			b.ResumeWriting()
			b.ConnectionLost(protocols.ErrInvalidWatermarks)
		}).NotTo(Panic())
	})
})
