package eventloop_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

var _ subprocess.Loop = (*eventloop.Loop)(nil)

var _ = Describe("the policy's child watcher on Windows", func() {
	It("is refused, to get and to set, by every kind of loop", func() { // P6
		for _, t := range []platform.Target{iocp, windowsSelect} {
			p := eventloop.PolicyOf(t)
			w, err := p.ChildWatcher()
			Expect(w).To(BeNil())
			Expect(err).To(Equal(refusal(t, platform.ChildWatcher)))
			Expect(errors.Is(err, errors.ErrUnsupported)).To(BeTrue())
			Expect(p.SetChildWatcher(subprocess.NewGoroutineWatcher())).To(Equal(refusal(t, platform.SetChildWatcher)))
			Expect(p.SetChildWatcher(nil)).To(Equal(refusal(t, platform.SetChildWatcher)))
		}
	})
})

func whenClosedSpecs(kind string) {
	Describe("WhenClosed", func() {
		It("calls once the loop is closed, unless it was taken back", func() {
			w, t := newWorld(kind), &trace{}
			_, err := w.WhenClosed(t.adds("kept"))
			Expect(err).NotTo(HaveOccurred())
			forget, err := w.WhenClosed(t.adds("forgotten"))
			Expect(err).NotTo(HaveOccurred())
			forget()
			Expect(t.take()).To(BeEmpty())
			Expect(w.Close()).To(Succeed())
			Expect(t.take()).To(Equal([]string{"kept"}))
			forget()
		})

		It("refuses a closed loop and a nil function", func() {
			w := newWorld(kind)
			Expect(func() { _, _ = w.WhenClosed(nil) }).To(PanicWith(MatchError(ContainSubstring("nil callback"))))
			Expect(w.Close()).To(Succeed())
			_, err := w.WhenClosed(func() {})
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
		})
	})
}
