package protocols_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

var _ = Describe("Factory", func() {
	It("makes a protocol of the concrete type at every call", func() {
		var made []*greeter
		factory := protocols.Factory(func() *greeter {
			made = append(made, &greeter{})
			return made[len(made)-1]
		})
		first, second := factory(), factory()
		Expect(made).To(HaveLen(2))
		Expect(first).To(BeIdenticalTo(made[0]))
		Expect(second).To(BeIdenticalTo(made[1]))
		Expect(first).NotTo(BeIdenticalTo(second))
	})

	It("calls nothing before it is asked for a protocol", func() {
		called := false
		protocols.Factory(func() *greeter { called = true; return &greeter{} })
		Expect(called).To(BeFalse())
	})

	It("keeps a nil constructor nil, to be refused like any nil factory", func() {
		Expect(protocols.Factory[*greeter](nil)).To(BeNil())
	})
})
