package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

func systemSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("the ring", func() {
		It("takes more submissions than the ring holds, in order", func(SpecContext) {
			small := o
			small.Entries = 64
			with(m, small, func(p *bench) {
				near, far := pair(true) // which packs small messages
				const many = 1000
				for i := range many {
					p.Send(near, uint32(i), []byte{byte(i)})
				}
				for i := range many {
					Expect(p.awaitOne(uint32(i)).N()).To(Equal(1))
				}
				b := p.receive(far, many, many)
				for i := range many {
					Expect(b[i]).To(Equal(byte(i)))
				}
			})
		}, bounded)

		It("loses no completion when there are more than the ring holds", func(SpecContext) {
			small := o
			small.Entries = 64
			with(m, small, func(p *bench) {
				near, _ := pair(false)
				const many = 3000
				for i := range many {
					p.Poll(near, uint32(i), proactor.Writable)
				}
				for i := range many {
					Expect(p.awaitOne(uint32(i)).Err()).NotTo(HaveOccurred())
				}
			})
		}, bounded)
	})
}
