//go:build unix

package signals_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/signals"
)

var _ = Describe("Handlers", Serial, func() {
	var (
		h     *signals.Handlers
		q     *queue
		heard []string
	)
	hears := func(name string) func() { return func() { heard = append(heard, name) } }
	BeforeEach(func() {
		noGoroutines()
		h, q = newHandlers()
		heard = nil
	})

	It("call on the loop, never before it runs", func() { // M1
		Expect(h.Add(first, hears("a"))).To(Succeed())
		raise(first)
		Eventually(q.waiting).WithTimeout(patient).Should(Equal(1))
		Expect(heard).To(BeEmpty())
		q.run()
		Expect(heard).To(Equal([]string{"a"}))
	})

	It("are replaced by a second Add", func() { // M3
		Expect(h.Add(first, hears("a"))).To(Succeed())
		Expect(h.Add(first, hears("b"))).To(Succeed())
		raise(first)
		q.arrives()
		Expect(heard).To(Equal([]string{"b"}))
	})

	It("are taken back, which is said", func() { // M4
		Expect(h.Remove(first)).To(BeFalse())
		Expect(h.Add(first, hears("a"))).To(Succeed())
		Expect(h.Remove(first)).To(BeTrue())
		Expect(h.Remove(first)).To(BeFalse())
	})

	It("do not run once taken back, though the signal has come", func() { // M14
		Expect(h.Add(first, hears("a"))).To(Succeed())
		raise(first)
		Eventually(q.waiting).WithTimeout(patient).Should(Equal(1))
		Expect(h.Remove(first)).To(BeTrue())
		Expect(h.Add(first, hears("b"))).To(Succeed())
		q.run()
		Expect(heard).To(BeEmpty())
		raise(first)
		q.arrives()
		Expect(heard).To(Equal([]string{"b"}))
	})

	It("wait in the loop at most once each, and run after the last signal", func() { // M13
		Expect(h.Add(first, hears("1"))).To(Succeed())
		Expect(h.Add(second, hears("2"))).To(Succeed())
		for range 1000 {
			raise(first)
		}
		raise(second)
		Eventually(q.waiting).WithTimeout(patient).Should(Equal(2))
		Consistently(q.waiting).WithTimeout(tick).Should(Equal(2))
		q.run()
		Expect(heard).To(ConsistOf("1", "2"))
		raise(first)
		q.arrives()
		Expect(heard).To(ConsistOf("1", "2", "1"))
	})

	It("hear of a signal that comes while they run", func() {
		again := false
		Expect(h.Add(first, func() {
			hears("a")()
			if !again {
				again = true
				raise(first)
				Eventually(q.waiting).WithTimeout(patient).Should(Equal(1))
			}
		})).To(Succeed())
		raise(first)
		q.arrives()
		q.run()
		Expect(heard).To(Equal([]string{"a", "a"}))
	})

	It("stay after a panic", func() { // M10
		Expect(h.Add(first, func() { hears("a")(); panic("on purpose") })).To(Succeed())
		for range 2 {
			raise(first)
			Expect(q.arrives).To(PanicWith("on purpose"))
		}
		Expect(heard).To(Equal([]string{"a", "a"}))
	})

	It("of several loops all hear a signal", func() { // M17
		other, otherQueue := newHandlers()
		Expect(h.Add(first, hears("a"))).To(Succeed())
		Expect(other.Add(first, hears("b"))).To(Succeed())
		raise(first)
		q.arrives()
		otherQueue.arrives()
		Expect(heard).To(Equal([]string{"a", "b"}))
		other.Close()
		raise(first)
		q.arrives()
		Expect(heard).To(Equal([]string{"a", "b", "a"}))
		Consistently(otherQueue.waiting).WithTimeout(tick).Should(BeZero())
	})

	It("leave other users of os/signal what they asked for", func(ctx SpecContext) {
		theirs := make(chan os.Signal, 1)
		signal.Notify(theirs, first)
		DeferCleanup(signal.Stop, theirs)
		Expect(h.Add(first, hears("a"))).To(Succeed())
		Expect(h.Remove(first)).To(BeTrue())
		raise(first)
		Eventually(ctx, theirs).Should(Receive(Equal(first)))
	}, bounded)

	It("refuse what can not be handled, and keep nothing", func() { // M5 M6
		nothing := func() {}
		Expect(h.Add(syscall.SIGKILL, nothing)).To(MatchError(signals.ErrUncatchable))
		Expect(h.Add(syscall.SIGSTOP, nothing)).To(MatchError(signals.ErrUncatchable))
		Expect(h.Add(syscall.Signal(0), nothing)).To(MatchError(os.ErrInvalid))
		Expect(h.Add(nil, nothing)).To(MatchError(os.ErrInvalid))
		Expect(h.Add(first, nil)).To(MatchError(os.ErrInvalid))
		_, err := h.Remove(syscall.Signal(1000))
		Expect(err).To(MatchError(os.ErrInvalid))
		for _, sig := range []os.Signal{syscall.SIGKILL, syscall.SIGSTOP, first} {
			Expect(h.Remove(sig)).To(BeFalse())
		}
	})

	It("are gone after Close, which refuses new ones", func() { // M12
		Expect(h.Add(first, hears("a"))).To(Succeed())
		raise(first)
		Eventually(q.waiting).WithTimeout(patient).Should(Equal(1))
		h.Close()
		h.Close()
		q.run()
		Expect(heard).To(BeEmpty())
		Expect(h.Add(first, hears("a"))).To(MatchError(signals.ErrClosed))
		Expect(h.Remove(first)).To(BeFalse())
	})

	It("survive a loop that refuses to be called", func() {
		q.refusal = errors.New("closed")
		Expect(h.Add(first, hears("a"))).To(Succeed())
		raise(first)
		Consistently(q.waiting).WithTimeout(tick).Should(BeZero())
	})

	DescribeTable("give a signal its default action back", // M4 M12
		func(ctx SpecContext, helper string) {
			self, err := os.Executable()
			Expect(err).NotTo(HaveOccurred())
			cmd := exec.CommandContext(ctx, self)
			cmd.Env = append(os.Environ(), helperVariable+"="+helper)
			out, err := cmd.CombinedOutput()
			Expect(err).To(MatchError("signal: terminated"), string(out))
			Expect(string(out)).To(Equal("handled\n"))
		},
		Entry("when they are taken back", bounded, "remove"),
		Entry("when they are closed", bounded, "close"),
	)
})
