package subprocess_test

import (
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
