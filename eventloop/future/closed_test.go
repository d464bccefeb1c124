package future_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Tasks.WhenClosed", func() {
	var l *loop
	var events log

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		events = log{}
	})

	It("has its function called once, when the loop is closed", func() {
		_, err := l.tasks.WhenClosed(func() { events.add("closed") })
		Expect(err).NotTo(HaveOccurred())
		Expect(events.all()).To(BeEmpty())
		l.close()
		l.close()
		Expect(events.all()).To(Equal([]string{"closed"}))
	})

	It("forgets a function that is taken back, before or after the Close", func() {
		forget, err := l.tasks.WhenClosed(func() { events.add("closed") })
		Expect(err).NotTo(HaveOccurred())
		forget()
		forget()
		l.close()
		forget()
		Expect(events.all()).To(BeEmpty())
	})

	It("lets a function take back another one", func() {
		var forget func()
		_, err := l.tasks.WhenClosed(func() { forget() })
		Expect(err).NotTo(HaveOccurred())
		forget, err = l.tasks.WhenClosed(func() {})
		Expect(err).NotTo(HaveOccurred())
		l.close()
	})

	It("returns the error of a loop that is closed already, and calls nothing", func() {
		l.close()
		forget, err := l.tasks.WhenClosed(func() { events.add("closed") })
		Expect(err).To(MatchError(future.ErrLoopClosed))
		Expect(forget).To(BeNil())
		Expect(events.all()).To(BeEmpty())
	})
})
