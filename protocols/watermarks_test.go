package protocols_test

import (
	"math"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

var _ = Describe("Watermarks.Resolve", func() {
	const empty = protocols.Empty

	// Contract E8 and E9.
	DescribeTable("derives what is not given",
		func(given, want protocols.Watermarks) {
			Expect(given.Resolve()).To(Equal(want))
		},
		func(given, want protocols.Watermarks) string {
			return describe(given) + " becomes " + describe(want)
		},
		Entry(nil, marks(0, 0), marks(16<<10, 64<<10)),
		Entry(nil, marks(0, 100), marks(25, 100)),
		Entry(nil, marks(0, 7), marks(1, 7)),
		Entry(nil, marks(0, 3), marks(0, 3)),
		Entry(nil, marks(100, 0), marks(100, 400)),
		Entry(nil, marks(10, 10), marks(10, 10)),
		Entry(nil, marks(1, 2), marks(1, 2)),
		Entry(nil, marks(0, empty), marks(0, 0)),
		Entry(nil, marks(empty, 0), marks(0, 0)),
		Entry(nil, marks(empty, empty), marks(0, 0)),
		Entry(nil, marks(empty, 4), marks(0, 4)),
		Entry(nil, marks(0, math.MaxInt), marks(math.MaxInt/4, math.MaxInt)),
	)

	// Contract E10.
	DescribeTable("refuses marks that break high >= low >= 0",
		func(given protocols.Watermarks) {
			got, err := given.Resolve()
			Expect(err).To(MatchError(protocols.ErrInvalidWatermarks))
			Expect(got).To(BeZero())
		},
		describe,
		Entry(nil, marks(2, 1)),
		Entry(nil, marks(0, -1)),
		Entry(nil, marks(-1, 0)),
		Entry(nil, marks(-1, 1)),
		Entry(nil, marks(-2, -1)),
		Entry(nil, marks(-1, -1)),
		Entry(nil, marks(1, empty)),
		Entry(nil, marks(1, -1)),
		Entry(nil, marks(-1, empty)),
		Entry(nil, marks(math.MaxInt, 0)),
	)

	It("names the marks that it refuses", func() {
		_, err := marks(2, 1).Resolve()
		Expect(err).To(MatchError(ContainSubstring("low 2, high 1")))
	})
})

func marks(low, high int) protocols.Watermarks {
	return protocols.Watermarks{Low: low, High: high}
}

func describe(w protocols.Watermarks) string {
	return "low " + word(w.Low) + ", high " + word(w.High)
}

func word(mark int) string {
	if mark == protocols.Empty {
		return "Empty"
	}
	return strconv.Itoa(mark)
}
