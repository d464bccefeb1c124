package platform_test

import (
	"errors"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("UnsupportedError", func() {
	full := platform.UnsupportedError{
		Op: "AddReader", Loop: "iocp", OS: "windows",
		Reason: "completion ports report no readiness", Alternative: "a selector loop",
	}

	It("is errors.ErrUnsupported, also when wrapped", func() {
		err := fmt.Errorf("setting up: %w", &full)
		Expect(errors.Is(err, errors.ErrUnsupported)).To(BeTrue())
		found, ok := errors.AsType[*platform.UnsupportedError](err)
		Expect(ok).To(BeTrue())
		Expect(*found).To(Equal(full))
	})

	DescribeTable("says in one line what it knows",
		func(strip func(*platform.UnsupportedError), text string) {
			err := full
			strip(&err)
			Expect(err.Error()).To(Equal(text))
		},
		Entry("everything", func(*platform.UnsupportedError) {},
			"AddReader: unsupported on windows by the iocp loop: completion ports report no readiness (use a selector loop)"),
		Entry("the system alone decides", func(e *platform.UnsupportedError) { e.Loop = "" },
			"AddReader: unsupported on windows: completion ports report no readiness (use a selector loop)"),
		Entry("there is no alternative", func(e *platform.UnsupportedError) { e.Alternative = "" },
			"AddReader: unsupported on windows by the iocp loop: completion ports report no readiness"),
		Entry("the operation alone", func(e *platform.UnsupportedError) { *e = platform.UnsupportedError{Op: "AddReader"} },
			"AddReader: unsupported"),
	)
})
