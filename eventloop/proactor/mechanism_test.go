package proactor_test

import (
	"errors"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("New", func() {
	It("does not know a mechanism that nobody knows", func() {
		p, err := proactor.New("abacus", nil)
		Expect(p).To(BeNil())
		Expect(err).To(MatchError(proactor.ErrUnknownMechanism))
	})

	It("refuses a mechanism of another system with reason and alternative", func() {
		foreign := "iocp"
		if slices.ContainsFunc(proactor.Mechanisms(), func(m proactor.Mechanism) bool { return m.Name == foreign }) {
			foreign = "io_uring"
		}
		p, err := proactor.New(foreign, nil)
		Expect(p).To(BeNil())
		e, ok := errors.AsType[*platform.UnsupportedError](err)
		Expect(ok).To(BeTrue())
		Expect(e.Op).To(Equal("NewProactorLoop"))
		Expect(e.Loop).To(Equal(foreign))
		Expect(e.Reason).NotTo(BeEmpty())
		Expect(e.Alternative).NotTo(BeEmpty())
	})
})

var _ = DescribeTable("an Outcome keeps what it is made of",
	func(op proactor.Op, n int32, more bool, buffer int) {
		o := proactor.NewOutcome(op, n, more, buffer)
		Expect(o.Op()).To(Equal(op))
		Expect(o.N()).To(Equal(max(int(n), 0)))
		Expect(o.Err() != nil).To(Equal(n < 0))
		Expect(o.More()).To(Equal(more))
		Expect(o.HasBuffer()).To(Equal(buffer >= 0))
	},
	Entry("bytes", proactor.Receive, int32(65536), true, 65535),
	Entry("an end", proactor.Receive, int32(0), false, -1),
	Entry("an error", proactor.Accept, int32(-24), false, -1),
	Entry("a descriptor", proactor.Accept, int32(1<<20), true, -1),
)
