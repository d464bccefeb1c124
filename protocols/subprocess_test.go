package protocols_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

type mute struct{ protocols.SubprocessBase }

var _ = Describe("SubprocessFactory", func() {
	It("makes a new protocol of the concrete type each time", func() {
		made := 0
		factory := protocols.SubprocessFactory(func() *mute { made++; return new(mute) })
		Expect(factory()).To(BeAssignableToTypeOf(new(mute)))
		factory()
		Expect(made).To(Equal(2))
	})

	It("leaves nil as it is", func() {
		var none func() *mute
		Expect(protocols.SubprocessFactory(none)).To(BeNil())
	})
})

var _ = Describe("SubprocessBase", func() {
	It("does nothing, without a panic", func() {
		var base protocols.SubprocessBase
		base.ConnectionMade(nil)
		base.PipeDataReceived(1, nil)
		base.PipeConnectionLost(1, nil)
		base.PauseWriting()
		base.ResumeWriting()
		base.ProcessExited()
		base.ConnectionLost(nil)
	})
})
