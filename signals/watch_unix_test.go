//go:build unix

package signals_test

import (
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/signals"
)

var _ = Describe("Watch", Serial, func() {
	BeforeEach(noGoroutines)

	watch := func(fn func()) (stop func()) {
		GinkgoHelper()
		stop, err := signals.Watch(first, fn)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(stop)
		return stop
	}

	It("calls after the signal has come", func(ctx SpecContext) {
		heard := make(chan bool)
		watch(func() { heard <- true })
		for range 3 {
			raise(first)
			Eventually(ctx, heard).Should(Receive())
		}
		Consistently(heard).WithTimeout(tick).ShouldNot(Receive())
	}, bounded)

	It("calls again for signals that come during the call, and merges them", func(ctx SpecContext) { // M13
		const storm = 1000
		heard, release := make(chan bool, storm+1), make(chan bool)
		watch(func() { heard <- true; <-release })
		raise(first)
		Eventually(ctx, heard).Should(Receive())
		for range storm {
			raise(first)
		}
		close(release)
		Eventually(ctx, heard).Should(Receive())
		Consistently(func() int { return len(heard) }).WithTimeout(tick).Should(BeNumerically("<", storm/10))
	}, bounded)

	It("keeps watchers of one signal apart", func(ctx SpecContext) {
		var stopped, going atomic.Int32
		stop := watch(func() { stopped.Add(1) })
		watch(func() { going.Add(1) })
		raise(first)
		Eventually(ctx, func() bool { return stopped.Load() == 1 && going.Load() == 1 }).Should(BeTrue())
		stop()
		stop()
		raise(first)
		Eventually(ctx, going.Load).Should(BeEquivalentTo(2))
		Consistently(stopped.Load).WithTimeout(tick).Should(BeEquivalentTo(1))
	}, bounded)
})
