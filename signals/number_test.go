package signals_test

import (
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/signals"
)

// foreign is an os.Signal that is no number.
type foreign struct{}

func (foreign) Signal()        {}
func (foreign) String() string { return "foreign" }

var _ = Describe("Number", func() {
	DescribeTable("knows the system's signals",
		func(sig os.Signal, number syscall.Signal) { Expect(signals.Number(sig)).To(Equal(number)) },
		Entry("os.Interrupt", os.Interrupt, syscall.SIGINT),
		Entry("the first", syscall.Signal(1), syscall.SIGHUP),
		Entry("one that can not be caught", syscall.SIGKILL, syscall.SIGKILL),
		Entry("the last of the standard ones", lastStandard, lastStandard),
	)

	DescribeTable("refuses", // M5
		func(sig os.Signal) {
			_, err := signals.Number(sig)
			Expect(err).To(MatchError(os.ErrInvalid))
		},
		Entry("nil", nil),
		Entry("what is no syscall.Signal", foreign{}),
		Entry("zero", syscall.Signal(0)),
		Entry("a negative number", syscall.Signal(-1)),
		Entry("a number beyond the last", syscall.Signal(65)),
		Entry("a large number", syscall.Signal(1000)),
	)
})
