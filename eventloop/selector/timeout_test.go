package selector_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

var _ = Describe("the time-out of a system call", func() {
	It("is none without a time", func() {
		Expect(selector.Remaining(time.Time{}, time.Millisecond)).To(BeNumerically("<", 0))
	})

	It("is zero for a time that is past", func() {
		Expect(selector.Remaining(time.Now().Add(-time.Hour), time.Millisecond)).To(BeZero())
	})

	DescribeTable("is rounded up to whole units",
		func(unit time.Duration) {
			until := time.Now().Add(time.Second + unit/3)
			got := selector.Remaining(until, unit)
			Expect(got % unit).To(BeZero())
			Expect(got).To(BeNumerically(">=", time.Until(until)))
			Expect(selector.Remaining(time.Now().Add(unit/2), unit)).To(BeElementOf(unit, time.Duration(0)))
		},
		Entry("milliseconds for poll", time.Millisecond),
		Entry("microseconds for select", time.Microsecond),
	)

	It("is cut to a day", func() {
		Expect(selector.Remaining(time.Now().Add(25*time.Hour), time.Millisecond)).To(Equal(24 * time.Hour))
		Expect(selector.Remaining(time.Now().AddDate(500, 0, 0), time.Microsecond)).To(Equal(24 * time.Hour))
	})
})
