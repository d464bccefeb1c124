package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

func pollSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Poll", func() {
		It("is not there, and says so", func(SpecContext) {
			with(m, o, func(p *bench) {
				Expect(p.Polls()).To(BeFalse())
				near, _ := pair(true)
				p.attach(near, 1)
				p.Poll(near, 1, proactor.Readable)
				o := p.awaitOne(1)
				Expect(o.Op()).To(Equal(proactor.Readable))
				Expect(o.Err()).To(Equal(windows.WSAEOPNOTSUPP))
			})
		}, bounded)
	})
}
