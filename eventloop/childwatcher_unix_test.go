//go:build unix

package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/subprocess"
)

// watcherOf returns the current policy's child watcher.
func watcherOf() subprocess.ChildWatcher {
	GinkgoHelper()
	w, err := eventloop.CurrentPolicy().ChildWatcher()
	Expect(err).NotTo(HaveOccurred())
	Expect(w).NotTo(BeNil())
	return w
}

var _ = Describe("the policy's child watcher", func() {
	BeforeEach(func() { usePolicy(nil) })

	It("is the best of the system, and the same for all loops", func() {
		Expect(watcherOf().Name()).To(Equal(subprocess.NewChildWatcher().Name()))
		Expect(watcherOf()).To(BeIdenticalTo(watcherOf()))
	})

	It("is what was set, until nil makes a fresh one", func() {
		first, mine := watcherOf(), subprocess.NewGoroutineWatcher()
		Expect(eventloop.CurrentPolicy().SetChildWatcher(mine)).To(Succeed())
		Expect(watcherOf()).To(BeIdenticalTo(mine))
		Expect(eventloop.CurrentPolicy().SetChildWatcher(nil)).To(Succeed())
		Expect(watcherOf()).NotTo(BeIdenticalTo(first))
		Expect(watcherOf()).NotTo(BeIdenticalTo(mine))
	})

	It("is not closed by the one that follows", func() {
		before := watcherOf()
		Expect(eventloop.CurrentPolicy().SetChildWatcher(subprocess.NewGoroutineWatcher())).To(Succeed())
		end, err := before.Begin()
		Expect(err).NotTo(HaveOccurred())
		end()
	})

	It("goes with its policy", func() {
		before := watcherOf()
		eventloop.SetPolicy(nil)
		Expect(watcherOf()).NotTo(BeIdenticalTo(before))
	})
})
