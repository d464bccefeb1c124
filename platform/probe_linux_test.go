package platform_test

import (
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("PidFD", func() {
	It("says whether processes have handles, and the live table agrees", func() {
		self, err := os.FindProcess(os.Getpid())
		Expect(err).NotTo(HaveOccurred())
		handled := self.WithHandle(func(uintptr) {})
		Expect(self.Release()).To(Succeed())
		table := platform.For(platform.Target{})
		if handled == nil {
			Expect(platform.PidFD()).To(Succeed())
			Expect(table.Check(platform.ChildWatcherPidFD)).To(Succeed())
			return
		}
		Expect(platform.PidFD()).To(HaveOccurred())
		Expect(table.Check(platform.ChildWatcherPidFD)).To(MatchError(ContainSubstring(platform.PidFD().Error())))
	})

	DescribeTable("says why a process may not have it",
		func(errno unix.Errno, words string) {
			err := platform.PidFDRefusal("pidfd_open", errno)
			Expect(err).To(MatchError(errno))
			Expect(err).To(MatchError(ContainSubstring(words)))
		},
		Entry("an old kernel", unix.ENOSYS, "has no pidfd_open"),
		Entry("a kernel that does not know the kind of id", unix.EINVAL, "has no pidfd_open"),
		Entry("a filter forbids it", unix.EPERM, "forbids pidfd_open"),
		Entry("there is no descriptor left", unix.EMFILE, "pidfd_open fails"),
	)
})

var _ = Describe("IOUring", func() {
	It("leaves no descriptor behind and gives the same answer again", func() {
		first := platform.IOUring()
		if first == nil {
			Expect(platform.IOUring()).To(Succeed())
			return
		}
		Expect(platform.IOUring()).To(BeIdenticalTo(first))
	})

	DescribeTable("says why a process may not have it",
		func(errno unix.Errno, sysctl, words string) {
			err := platform.IOUringRefusal("io_uring_setup", errno, sysctl)
			Expect(err).To(MatchError(errno))
			Expect(err).To(MatchError(ContainSubstring(words)))
		},
		Entry("an old kernel", unix.ENOSYS, "", "has no io_uring"),
		Entry("the sysctl forbids it to all", unix.EPERM, "2", "kernel.io_uring_disabled=2 forbids"),
		Entry("the sysctl forbids it to this process", unix.EPERM, "1", "kernel.io_uring_disabled=1 forbids"),
		Entry("a filter forbids it", unix.EPERM, "0", "seccomp filter"),
		Entry("a filter forbids it on a kernel without the sysctl", unix.EPERM, "", "seccomp filter"),
		Entry("a security module forbids it", unix.EACCES, "0", "security module"),
		Entry("there is no memory for a ring", unix.ENOMEM, "0", "io_uring_setup fails"),
	)
})

var _ = Describe("ClockResolution on Linux", func() {
	It("is what clock_getres says", func() {
		var ts unix.Timespec
		Expect(unix.ClockGetres(unix.CLOCK_MONOTONIC, &ts)).To(Succeed())
		Expect(platform.ClockResolution().Nanoseconds()).To(Equal(ts.Nano()))
	})
})

var _ = Describe("the running version on Linux", func() {
	It("is how the kernel's release begins", func() {
		release, err := os.ReadFile("/proc/sys/kernel/osrelease")
		Expect(err).NotTo(HaveOccurred())
		Expect(string(release)).To(HavePrefix(platform.For(platform.Target{}).Target().Version))
	})
})
