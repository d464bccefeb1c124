package transports_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = Describe("Stream over completions that come late", func() {
	var (
		host      *memory.Host
		driver    *memory.Completion
		p         *recorder.Stream
		s         *transports.Stream
		near, far *memory.End
	)
	BeforeEach(func() {
		host, driver = memory.NewCompletion()
		p = &recorder.Stream{}
		s, near, far = made(host, p, transports.StreamConfig{})
	})
	AfterEach(func() {
		host.Do(s.Abort)
		driver.Release()
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(BeEmpty())
	})
	send := func(text string) {
		GinkgoHelper()
		Expect(far.Write([]byte(text))).To(Equal(len(text)))
	}

	It("counts bytes as buffered until the driver has reported them", func() {
		driver.Withhold()
		var size int
		host.Do(func() { _, _ = s.Write([]byte("hello")) })
		host.RunUntilIdle()
		host.Do(func() { size = s.WriteBufferSize() })
		Expect(size).To(Equal(5))
		Expect(far.Waiting()).To(Equal(5), "the kernel has them")
		driver.Release()
		host.Do(func() { size = s.WriteBufferSize() })
		Expect(size).To(BeZero())
	})

	It("collects what is written meanwhile and sends it next", func() {
		driver.Withhold()
		host.Do(func() { _, _ = s.Write([]byte("one ")) })
		host.Do(func() { _, _ = s.Write([]byte("two ")) })
		host.Do(func() { _, _ = s.Write([]byte("three")) })
		host.RunUntilIdle()
		Expect(string(far.Take(100))).To(Equal("one "))
		driver.Release()
		host.RunUntilIdle()
		Expect(string(far.Take(100))).To(Equal("two three"))
	})

	It("pauses for bytes that are not reported, and resumes when they are", func() {
		driver.Withhold()
		host.Do(func() {
			_ = s.SetWriteBufferLimits(protocols.Watermarks{High: 10})
			_, _ = s.Write([]byte("0123456789"))
		})
		host.Do(func() { _, _ = s.Write([]byte("x")) })
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause"))
		driver.Release()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause resume"))
	})

	It("ends after Close only when the last bytes are reported", func() {
		driver.Withhold()
		host.Do(func() { _, _ = s.Write([]byte("bye")) })
		host.Do(func() { _ = s.Close() })
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
		driver.Release()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
		Expect(far.Take(3)).To(Equal([]byte("bye")))
	})

	It("calls ConnectionLost after Abort at once, but closes when no operation can touch the descriptor", func() {
		driver.Withhold()
		near.Clog(true)
		host.Do(func() { _, _ = s.Write([]byte("dropped")) })
		host.Do(s.Abort)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
		Expect(near.IsClosed()).To(BeFalse())
		driver.Release()
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(far.Take(100)).To(BeEmpty())
	})

	// The driver double panics if memory changes that it still has.
	It("lends no memory out that an aborted stream's operation still has", func() {
		driver.Withhold()
		near.Clog(true)
		host.Do(func() { _, _ = s.Write([]byte("aborted")) })
		host.Do(s.Abort)
		q, r := &recorder.Stream{}, &recorder.Stream{}
		for _, p := range []*recorder.Stream{q, r} {
			other, _, _ := made(host, p, transports.StreamConfig{})
			for range 3 {
				host.Do(func() { _, _ = other.Write([]byte("something else")) })
			}
		}
		driver.Release()
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(host.Failures()).To(BeEmpty())
	})

	It("hands over first, when it reads again, what a cancelled receive has brought", func() {
		host.Do(s.PauseReading)
		send("held")
		host.RunUntilIdle()
		Expect(near.Waiting()).To(BeZero(), "the receive was faster than its cancellation")
		send(", then more")
		host.RunUntilIdle()
		Expect(near.Waiting()).To(Equal(11), "nothing receives while paused")
		Expect(p.String()).To(Equal("made"))
		host.Do(s.ResumeReading)
		host.RunUntilIdle()
		Expect(string(p.Data())).To(Equal("held, then more"))
	})

	It("leaves input to the kernel if the cancellation is faster", func() {
		driver.CancelFirst(true)
		host.Do(s.PauseReading)
		send("waiting")
		host.RunUntilIdle()
		Expect(near.Waiting()).To(Equal(7))
		host.Do(s.ResumeReading)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(7)"))
	})

	It("hands over in order an end that a cancelled receive has brought behind data", func() {
		send("last words")
		Expect(far.CloseWrite()).To(Succeed())
		driver.Withhold()
		host.Do(s.PauseReading)
		driver.Release()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
		host.Do(s.ResumeReading)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(10) eof lost(nil)"))
	})

	It("delivers nothing that is reported after a Close", func() {
		driver.Withhold()
		send("too late")
		host.RunUntilIdle()
		Expect(near.Waiting()).To(BeZero(), "the driver has it")
		host.Do(func() { _ = s.Close() })
		driver.Release()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
		_, err := far.ReadAll()
		Expect(err).To(Equal(syscall.ECONNRESET), "input was lost, and the peer must know")
	})

	It("survives a receive that the kernel cancels by itself", func() {
		driver.CancelFirst(true)
		for range 3 {
			driver.Cancel()
			send("x")
			host.RunUntilIdle()
		}
		Expect(p.String()).To(Equal("made data(3)"))
	})

	It("does not depend on the order of a send's and a receive's completion", func() {
		p.OnData = func(data []byte) { _, _ = s.Write(data) }
		driver.Withhold()
		host.Do(func() { _, _ = s.Write([]byte("a")) })
		send("b")
		host.RunUntilIdle()
		Expect(driver.Pending()).To(Equal(2))
		driver.Reorder()
		driver.Release()
		host.RunUntilIdle()
		Expect(string(far.Take(10))).To(Equal("ab"))
	})

	It("loses the connection with the reset and not with the EPIPE that follows it", func() {
		near.Clog(true)
		host.Do(func() { _, _ = s.Write([]byte("dropped")) })
		host.RunUntilIdle()
		far.Reset()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(" + syscall.ECONNRESET.Error() + ")"))
	})
})
