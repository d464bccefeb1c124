package protocols_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

type pinger struct{ protocols.DatagramBase }

var _ = Describe("DatagramBase", func() {
	It("gives a protocol that embeds it everything but batches", func() {
		var p protocols.DatagramProtocol = &pinger{}
		_, flow := p.(protocols.FlowController)
		_, batch := p.(protocols.BatchDatagramProtocol)
		Expect(flow).To(BeTrue(), "FlowController")
		Expect(batch).To(BeFalse(), "BatchDatagramProtocol would take the datagrams away from DatagramReceived")
	})

	It("does nothing with a nil transport, no data or an error", func() {
		b := protocols.DatagramBase{}
		Expect(func() {
			b.ConnectionMade(nil)
			b.DatagramReceived(nil, nil)
			b.ErrorReceived(protocols.ErrInvalidWatermarks)
			b.PauseWriting()
			b.ResumeWriting()
			b.ConnectionLost(nil)
		}).NotTo(Panic())
	})
})

var _ = Describe("DatagramFactory", func() {
	It("makes a protocol of the concrete type at every call", func() {
		var made []*pinger
		factory := protocols.DatagramFactory(func() *pinger {
			made = append(made, &pinger{})
			return made[len(made)-1]
		})
		first, second := factory(), factory()
		Expect(made).To(HaveLen(2))
		Expect(first).To(BeIdenticalTo(made[0]))
		Expect(second).To(BeIdenticalTo(made[1]))
	})

	It("keeps a nil constructor nil, to be refused like any nil factory", func() {
		Expect(protocols.DatagramFactory[*pinger](nil)).To(BeNil())
	})
})
