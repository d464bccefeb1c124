//go:build unix

package subprocess_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

var _ = Describe("NewChildWatcher", func() {
	It("takes the best that the system has, and never one that listens to SIGCHLD", func() {
		table := platform.For(platform.Target{})
		best := "goroutine"
		switch {
		case table.Check(platform.ChildWatcherPidFD) == nil:
			best = "pidfd"
		case table.Check(platform.ChildWatcherKqueue) == nil:
			best = "kqueue"
		}
		Expect(subprocess.NewChildWatcher().Name()).To(Equal(best))
	})
})

var _ = Describe("every watcher", func() {
	It("has its own name", func() {
		for _, m := range watchers {
			w, err := m.make()
			Expect(err).NotTo(HaveOccurred())
			Expect(w.Name()).To(Equal(m.name))
		}
	})
})

var _ = DescribeTable("a wait status becomes a return code",
	func(status syscall.WaitStatus, code int) { Expect(subprocess.CodeOf(status)).To(Equal(code)) },
	Entry("exit status 0", syscall.WaitStatus(0), 0),
	Entry("exit status 255", syscall.WaitStatus(255<<8), 255),
	Entry("SIGKILL", syscall.WaitStatus(9), -9),
	Entry("SIGSEGV with a core", syscall.WaitStatus(11|0x80), -11),
	Entry("something that the system does not explain", syscall.WaitStatus(0x137f), 0x137f), // L43
)
