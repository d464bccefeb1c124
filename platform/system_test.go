package platform_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Systems", func() {
	It("are Linux, macOS, the BSDs and Windows", func() {
		Expect(platform.Systems()).To(Equal([]string{"linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "windows"}))
	})
})

var _ = Describe("Loops", func() {
	DescribeTable("are listed best first",
		func(os string, loops ...string) { Expect(platform.Loops(os)).To(Equal(loops)) },
		Entry("linux", "linux", "epoll", "poll", "select", "io_uring"),
		Entry("darwin", "darwin", "kqueue", "poll", "select"),
		Entry("freebsd", "freebsd", "kqueue", "poll", "select"),
		Entry("netbsd", "netbsd", "kqueue", "poll", "select"),
		Entry("openbsd", "openbsd", "kqueue", "poll", "select"),
		Entry("dragonfly", "dragonfly", "kqueue", "poll", "select"),
		Entry("windows", "windows", "iocp", "select"),
	)

	It("are none on a system that nobody knows", func() {
		Expect(platform.Loops("plan9")).To(BeEmpty())
	})
})

var _ = Describe("Proactor", func() {
	DescribeTable("says which constructor makes the best loop of a system",
		func(os string, proactor bool) {
			table := platform.For(platform.Target{OS: os})
			Expect(table.Proactor()).To(Equal(proactor))
			for op, best := range map[platform.Operation]bool{
				platform.NewProactorLoop: proactor, platform.NewSelectorLoop: !proactor,
			} {
				if best {
					Expect(table.Check(op)).To(Succeed())
				}
			}
		},
		Entry("linux", "linux", false),
		Entry("darwin", "darwin", false),
		Entry("freebsd", "freebsd", false),
		Entry("netbsd", "netbsd", false),
		Entry("openbsd", "openbsd", false),
		Entry("dragonfly", "dragonfly", false),
		Entry("windows", "windows", true),
	)

	It("says it of every kind", func() {
		for _, os := range platform.Systems() {
			for _, loop := range platform.Loops(os) {
				is := platform.For(platform.Target{OS: os, Loop: loop}).Proactor()
				Expect(is).To(Equal(loop == "iocp" || loop == "io_uring"), loop)
			}
		}
		Expect(platform.Table{}.Proactor()).To(BeFalse())
	})
})

var _ = Describe("Limits", func() {
	DescribeTable("of select on Unix are those of its set",
		func(os string, size int) {
			Expect(platform.For(platform.Target{OS: os, Loop: "select"}).Limits()).To(Equal(platform.Limits{MaxFD: size}))
			Expect(platform.For(platform.Target{OS: os, Loop: "poll"}).Limits()).To(BeZero())
		},
		Entry("linux", "linux", 1024),
		Entry("darwin", "darwin", 1024),
		Entry("freebsd", "freebsd", 1024),
		Entry("openbsd", "openbsd", 1024),
		Entry("dragonfly", "dragonfly", 1024),
		Entry("netbsd", "netbsd", 256),
	)
})

var _ = Describe("ClockResolution", func() {
	It("of the running system is above zero and not above what its table says at worst", func() {
		usual, best := platform.For(platform.Target{}).ClockResolution()
		Expect(best).To(BeNumerically("<=", usual))
		Expect(platform.ClockResolution()).To(BeNumerically(">", 0))
		Expect(platform.ClockResolution()).To(BeNumerically("<=", 16*time.Millisecond))
	})

	It("is zero for a system that nobody knows", func() {
		usual, best := platform.For(platform.Target{OS: "plan9"}).ClockResolution()
		Expect(usual + best).To(BeZero())
	})

	It("is measured as the smallest step where the system does not tell", func() {
		ticks := time.Duration(0)
		coarse := func() time.Duration { ticks++; return ticks / 10 * 15 * time.Millisecond }
		Expect(platform.MeasureClock(coarse)).To(Equal(15 * time.Millisecond))
	})
})
