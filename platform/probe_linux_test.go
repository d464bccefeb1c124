package platform_test

import (
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("PidFD", func() {
	It("says what pidfd_open says, and the live table agrees", func() {
		fd, err := unix.PidfdOpen(os.Getpid(), 0)
		if err == nil {
			Expect(unix.Close(fd)).To(Succeed())
			Expect(platform.PidFD()).To(Succeed())
			Expect(platform.For(platform.Target{}).Check(platform.ChildWatcherPidFD)).To(Succeed())
			return
		}
		Expect(platform.PidFD()).To(MatchError(err))
		Expect(platform.For(platform.Target{}).Check(platform.ChildWatcherPidFD)).To(MatchError(ContainSubstring(err.Error())))
	})
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
			err := platform.IOUringRefusal(errno, sysctl)
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
