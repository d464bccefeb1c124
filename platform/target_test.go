package platform_test

import (
	"errors"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("For", func() {
	Context("with a zero target", func() {
		It("is about the running system, its version and its default loop", func() {
			target := platform.For(platform.Target{}).Target()
			Expect(target.OS).To(Equal(runtime.GOOS))
			Expect(target.Version).To(MatchRegexp(`^\d+(\.\d+)*$`))
			Expect(platform.Loops("")).To(ContainElement(target.Loop))
		})
	})

	Context("with another system", func() {
		It("leaves the version open for the newest and takes the best loop", func() {
			if runtime.GOOS != "windows" {
				Expect(platform.For(platform.Target{OS: "windows"}).Target()).To(Equal(platform.Target{OS: "windows", Loop: "iocp"}))
			}
			Expect(platform.For(platform.Target{OS: "netbsd"}).Target()).To(Equal(platform.Target{OS: "netbsd", Loop: "kqueue"}))
		})
	})

	DescribeTable("refuses everything",
		func(target platform.Target, reason string) {
			table := platform.For(target)
			Expect(table.Limits()).To(BeZero())
			for _, op := range platform.Operations() {
				err := table.Check(op)
				Expect(err).To(MatchError(ContainSubstring(reason)), op.String())
				Expect(err).To(MatchError(ContainSubstring("(use ")), op.String())
				Expect(errors.Is(err, errors.ErrUnsupported)).To(BeTrue())
			}
			expectSameAnswers(table)
		},
		Entry("of a system that nobody knows", platform.Target{OS: "plan9"}, "no loop is known for this system"),
		Entry("of a loop that the system has not", platform.Target{OS: "linux", Loop: "iocp"}, "the system has no such loop"),
		Entry("of a loop that nobody has", platform.Target{Loop: "libevent"}, "the system has no such loop"),
		Entry("of a version that is a word", platform.Target{OS: "darwin", Version: "mavericks"}, `"mavericks" is no version`),
		Entry("of a version with an empty part", platform.Target{OS: "darwin", Version: "10."}, `"10." is no version`),
		Entry("of a negative version", platform.Target{OS: "darwin", Version: "-1"}, `"-1" is no version`),
	)

	DescribeTable("compares versions by their numbers, missing ones being zero",
		func(version string, refused bool) {
			err := check("linux", version, "epoll", platform.ChildWatcherPidFD)
			Expect(err != nil).To(Equal(refused), "%v", err)
		},
		Entry("one that only looks smaller as text", "5.10", false),
		Entry("the first that counts", "5.4", false),
		Entry("the same with a zero", "5.4.0", false),
		Entry("a later patch", "5.4.1", false),
		Entry("an earlier one with a high patch", "5.3.99", true),
		Entry("a bare major", "5", true),
		Entry("a higher major", "6", false),
	)
})

var _ = Describe("LeadingVersion", func() {
	DescribeTable("cuts what systems append to a release",
		func(release, version string) { Expect(platform.LeadingVersion(release)).To(Equal(version)) },
		Entry("Debian", "6.8.0-45-generic", "6.8.0"),
		Entry("FreeBSD", "14.1-RELEASE-p5", "14.1"),
		Entry("NetBSD", "10.1_STABLE", "10.1"),
		Entry("a dot before the text", "6.1.rc3", "6.1"),
		Entry("numbers only", "7.8", "7.8"),
		Entry("no number", "unknown", ""),
		Entry("nothing", "", ""),
	)
})
